import { describe, expect, test } from 'vitest';
import { chaosUsage, parseChaosOptions } from './chaos-options.ts';

describe('parseChaosOptions', () => {
  test('takes the embedded log where none is named', () => {
    expect(parseChaosOptions(['--seed', '7', '--kills', '3', '--orders', '50'])).toEqual({
      what: 'embedded',
      seed: 7,
      kills: 3,
      orders: 50,
    });
    expect(parseChaosOptions(['--seed', '7'])).toMatchObject({ kills: 100, orders: 5000 });
  });

  test('takes kills for each step where they are aimed at calls', () => {
    const given = ['--calls', '--seed', '7', '--kills', '3'];
    expect(parseChaosOptions(given)).toEqual({ what: 'calls', seed: 7, kills: 3 });
    expect(parseChaosOptions(['--calls', '--minutes', '9'])).toMatchObject({
      what: 'calls',
      kills: 50,
      minutes: 9,
    });
  });

  test('takes as many orders on Kafka as fit into the minutes', () => {
    expect(parseChaosOptions(['--log', 'kafka', '--seed', '7', '--minutes', '3'])).toEqual({
      what: 'kafka',
      seed: 7,
      minutes: 3,
      members: 4,
      orders: 1500,
    });
    const given = ['--log', 'kafka', '--orders', '9', '--members', '2'];
    expect(parseChaosOptions(given)).toMatchObject({ minutes: 4, orders: 9, members: 2 });
  });

  test.each([
    [['--log', 'paper']],
    [['--log', 'kafka', '--kills', '3']],
    [['--minutes', '3']],
    [['--members', '3']],
    [['--log', 'kafka', '--members', '1']],
    [['--log', 'kafka', '--minutes', '0']],
    [['--seed', '-1']],
    [['--seed', 'seven']],
    [['--orders', '0']],
    [['--speed', '3']],
    [['7']],
    [['--help']],
    [['--calls', '--orders', '50']],
    [['--calls', '--kills', '0']],
    [['--calls', '--log', 'kafka']],
  ])('says how it is used after %j', (args) => {
    expect(parseChaosOptions(args)).toBe(chaosUsage);
  });
});
