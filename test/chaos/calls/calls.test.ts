import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callEffects, stepsOf } from './call-steps.ts';
import { runCallCampaign } from './campaign.ts';

/** Another one at each run; a failure is repeated with `CHAOS_SEED=… npx vitest run test/chaos/calls`. */
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const kills = 2;
const timeoutMs = 300_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-calls-'));
  console.log(`chaos of calls: seed ${seed}`);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('calls under SIGKILL at each of their steps', () => {
  test.each(callEffects)(
    'do what their effect says when it is %s',
    async (effect) => {
      const result = await runCallCampaign({ folder: join(folder, effect), seed, effect, kills });
      expect(result.findings, `seed ${seed}`).toEqual([]);
      expect([...result.kills]).toEqual(stepsOf[effect].map((step) => [step, kills]));
    },
    timeoutMs,
  );
});
