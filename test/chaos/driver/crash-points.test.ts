import { beforeAll, describe, expect, test } from 'vitest';
import type { CrashPoint } from '../../../runtime/engine/committer.ts';
import type { RetailBasket } from '../../../schemas/orders/retail-basket.ts';
import { sample } from '../baskets.ts';
import { checkWithoutCrash } from '../checks/without-crash.ts';
import { runInDriver } from './run-driver.ts';
import type { DriverResult } from './run-driver.ts';

const points = [
  'batch.completed',
  'commit.begin',
  'commit.logged',
  'commit.applied',
  'call.issued',
  'call.replied',
] as const satisfies readonly CrashPoint[];
const seed = 11;
const timeoutMs = 240_000;

let baskets: readonly RetailBasket[] = [];
beforeAll(async () => {
  baskets = await sample(300);
});

describe('the order system, crashed', () => {
  test.each(points)(
    'at %s, again and again, loses and doubles nothing',
    async (point) => {
      const result = await runInDriver({
        baskets,
        seed,
        point,
        crashes: 20,
        shortShare: 0.05,
        strays: true,
      });
      expect(result.findings).toEqual([]);
      expect(result.crashes).toBe(20);
    },
    timeoutMs,
  );

  describe('with unlimited stock and answers by key', () => {
    const same = { seed, shortShare: 0, strays: false } as const;
    let calm: DriverResult;
    beforeAll(async () => {
      calm = await runInDriver({ ...same, baskets, point: undefined, crashes: 0 });
    }, timeoutMs);

    test.each(points)(
      'at %s, gives the output of a run without a crash',
      async (point) => {
        const result = await runInDriver({ ...same, baskets, point, crashes: 20 });
        expect(calm.findings).toEqual([]);
        expect(result.findings).toEqual([]);
        expect(result.crashes).toBe(20);
        expect(checkWithoutCrash(result.evidence, calm.evidence)).toEqual([]);
      },
      timeoutMs,
    );
  });
});
