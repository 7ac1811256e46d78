import { describe, expect, test } from 'vitest';
import { dataOptionWords } from '../../../runtime/cli/settings.ts';

describe('dataOptionWords', () => {
  test('gives the options that were given, and none that was not', () => {
    expect(dataOptionWords({})).toEqual([]);
    expect(dataOptionWords({ data: 'd' })).toEqual(['--data', 'd']);
    expect(
      dataOptionWords({ data: 'd', log: 'kafka', brokers: ['a:1', 'b:2'], config: 'm.yaml' }),
    ).toEqual(['--data', 'd', '--log', 'kafka', '--brokers', 'a:1,b:2', '--config', 'm.yaml']);
  });
});
