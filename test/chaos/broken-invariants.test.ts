import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Breakage } from './child/settings.ts';
import type { CheckName } from './finding.ts';
import { runBroken } from './scenarios.ts';

const timeoutMs = 240_000;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-broken-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The checks that find something in a run that breaks the invariant. */
async function foundBy(breakage: Breakage): Promise<ReadonlySet<CheckName>> {
  const { findings } = await runBroken(breakage, {
    folder: join(folder, breakage),
    seed: 5,
    orders: 60,
    diskChecks: 1,
  });
  return new Set(findings.map(({ check }) => check));
}

describe('the verifier', () => {
  test(
    'finds out when commits are acknowledged before the log has them (E4)',
    async () => {
      const checks = await foundBy('E4-acknowledged-early');
      expect(checks).toContain('disk-behind-log');
      expect(checks).toContain('never-rebuilt');
    },
    timeoutMs,
  );

  test(
    'finds out when rows are on disk before the log has them and their position is not (E4)',
    async () => {
      const checks = await foundBy('E4-rows-first');
      expect(checks).toContain('disk-behind-log');
      expect(checks).toContain('store-equals-changelog');
    },
    timeoutMs,
  );

  test(
    'finds out when a transaction carries the positions of the one before (E3)',
    async () => {
      const checks = await foundBy('E3-positions-of-before');
      expect(checks).toContain('taken-once');
    },
    timeoutMs,
  );

  test(
    'finds out when a transaction carries no positions, nor a control record that has them (E3)',
    async () => {
      const checks = await foundBy('E3-no-positions');
      expect(checks).toContain('taken-once');
      expect(checks).toContain('one-final-state');
      expect(checks).toContain('conservation');
    },
    timeoutMs,
  );
});
