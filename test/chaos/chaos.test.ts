import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runScarce, runUnlimited } from './scenarios.ts';

/** Another one at each run; a failure is repeated with `CHAOS_SEED=… npx vitest run test/chaos`. */
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const timeoutMs = 300_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-chaos-'));
  console.log(`chaos: seed ${seed}`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the order system under SIGKILL', () => {
  test(
    'loses and doubles nothing when runner and provider are killed again and again',
    async () => {
      const result = await runScarce({
        folder: join(folder, 'scarce'),
        seed,
        orders: 200,
        kills: 7,
        providerKills: 1,
        diskChecks: 0.5,
      });
      expect(result.findings, `seed ${seed}`).toEqual([]);
      expect(result.kills).toBe(7);
      expect(result.providerKills).toBe(1);
      // Deliveries, and each order at `once`, at `reserve` and at `charge`, less the bad and the short ones.
      expect(result.records).toBeGreaterThan(1000);
    },
    timeoutMs,
  );

  test(
    'gives the output of a run without a crash when stock is unlimited and answers go by key',
    async () => {
      const result = await runUnlimited({
        folder: join(folder, 'unlimited'),
        seed,
        orders: 120,
        kills: 3,
        diskChecks: 0,
      });
      expect(result.findings, `seed ${seed}`).toEqual([]);
      expect(result.kills).toBe(3);
    },
    timeoutMs,
  );
});
