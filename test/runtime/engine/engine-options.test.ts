import { describe, expect, test } from 'vitest';
import {
  compileEngineOptions,
  type EngineOptions,
} from '../../../runtime/engine/engine-options.ts';

const duration = (what: string, given: string): string =>
  `${what} is "${given}", which is no duration: write it like 250ms, 5s, 1m30s, 24h or 7d`;
const number = (what: string, given: string): string =>
  `${what} is ${given}; it must be a number above 0`;
const whole = (what: string, given: string): string =>
  `${what} is ${given}; it must be a whole number from 1`;

describe('compileEngineOptions', () => {
  test('has a default for everything', () => {
    expect(compileEngineOptions()).toEqual({
      commitIntervalMs: 100,
      commitSpacingMs: 10,
      commitMaxBytes: 8 * 1024 * 1024,
      maxTaskIdleMs: 0,
      maxFutureMs: 3_600_000,
      stageBudgetMs: 30_000,
      batchRecords: 1000,
      storeCacheBytes: 64 * 1024 * 1024,
      fetchBytes: 4 * 1024 * 1024,
      maxOpenCalls: 10_000,
      maxParkedCalls: 20_000,
      callGraceMs: 5000,
      randomCutsSeed: undefined,
    });
  });

  test('takes everything that is given', () => {
    const compiled = compileEngineOptions({
      commit: { interval: '1s', 'max-rate': 4, 'max-bytes': 10 },
      'max-task-idle': '2s',
      'max-future': '1d',
      'stage-budget': 5,
      'batch-records': 7,
      'store-cache': 8,
      'fetch-bytes': 9,
      'max-open-calls': 11,
      'max-parked-calls': 13,
      'call-grace': '2s',
      'random-cuts': { seed: 12 },
    });
    expect(compiled).toEqual({
      commitIntervalMs: 1000,
      commitSpacingMs: 250,
      commitMaxBytes: 10,
      maxTaskIdleMs: 2000,
      maxFutureMs: 86_400_000,
      stageBudgetMs: 5,
      batchRecords: 7,
      storeCacheBytes: 8,
      fetchBytes: 9,
      maxOpenCalls: 11,
      maxParkedCalls: 13,
      callGraceMs: 2000,
      randomCutsSeed: 12,
    });
    expect(Object.isFrozen(compiled)).toBe(true);
  });

  test('knows the words for no bound and no waiting', () => {
    expect(compileEngineOptions({ 'max-future': 'unlimited' }).maxFutureMs).toBeUndefined();
    expect(compileEngineOptions({ 'max-task-idle': -1 }).maxTaskIdleMs).toBe(-1);
  });

  test.each<readonly [EngineOptions, string]>([
    [{ commit: { interval: 'soon' } }, duration('commit.interval', 'soon')],
    [{ commit: { interval: -1 } }, duration('commit.interval', '-1')],
    [{ commit: { 'max-rate': 0 } }, number('commit.max-rate', '0')],
    [{ commit: { 'max-rate': Number.POSITIVE_INFINITY } }, number('commit.max-rate', 'Infinity')],
    [{ commit: { 'max-bytes': -5 } }, number('commit.max-bytes', '-5')],
    [{ 'max-task-idle': -2 }, duration('max-task-idle', '-2')],
    [{ 'max-future': 'never' }, duration('max-future', 'never')],
    [{ 'stage-budget': '1.5ms' }, duration('stage-budget', '1.5ms')],
    [{ 'batch-records': 0 }, whole('batch-records', '0')],
    [{ 'batch-records': 1.5 }, whole('batch-records', '1.5')],
    [{ 'store-cache': Number.NaN }, number('store-cache', 'NaN')],
    [{ 'fetch-bytes': 0 }, number('fetch-bytes', '0')],
    [{ 'max-open-calls': 0 }, whole('max-open-calls', '0')],
    [{ 'call-grace': -1 }, duration('call-grace', '-1')],
    [{ 'max-parked-calls': 0.5 }, whole('max-parked-calls', '0.5')],
  ])('refuses %j', (options, message) => {
    expect(() => compileEngineOptions(options)).toThrow(message);
  });
});
