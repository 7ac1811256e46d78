import { describe, expect, test } from 'vitest';
import { ApplicationRunner } from '../../../../runtime/app/runner/application-runner.ts';
import type { RunApplicationsOptions } from '../../../../runtime/app/runner/application-runner.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';
import { ConfigError, ProcessingError, StorageError } from '../../../../topology/core/errors.ts';
import { FakeStartable, KeptLines } from './fake-startable.ts';

/** Lets everything that needs no clock happen. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function runner(names: readonly string[], options: RunApplicationsOptions = {}) {
  const clock = new ManualClock();
  const lines = new KeptLines();
  const fakes = names.map((name) => new FakeStartable(`${name}.yaml`));
  const made = new ApplicationRunner(fakes, { clock, logger: lines, seed: 1, ...options });
  const states = (): string[] => made.supervisors.map(({ state }) => state);
  return { clock, lines, fakes, made, states };
}

const poison = new ProcessingError('STAGE_FAILED_FATAL', 'stage "loud" failed', {
  place: { taskId: 'loud_1', stage: 'loud', topic: 'said', partition: 1, offset: 4 },
});

describe('ApplicationRunner', () => {
  test('starts what failed again, while the others go on', async () => {
    const { clock, fakes, made, states, lines } = runner(['a', 'b']);
    await settle();
    expect(states()).toEqual(['running', 'running']);
    fakes[0]?.last.fail(poison);
    await settle();
    expect(states()).toEqual(['restarting', 'running']);
    expect(fakes[0]?.last.closed).toBe(true);
    expect(made.supervisors[0]?.failure).toBe(poison);
    const [a] = made.supervisors;
    expect(a?.nextStartMs).toBeGreaterThanOrEqual(500);
    expect(a?.nextStartMs).toBeLessThanOrEqual(1000);
    clock.advanceTo((a?.nextStartMs as number) - 1);
    await settle();
    expect(states()).toEqual(['restarting', 'running']);
    clock.advanceTo(clock.now() + 1);
    await settle();
    expect(states()).toEqual(['running', 'running']);
    expect([a?.restarts, a?.failure, a?.lastFailure?.error]).toEqual([1, undefined, poison]);
    expect(fakes.map(({ runs }) => runs.length)).toEqual([2, 1]);
    expect(lines.lines[2]).toMatchObject({
      level: 'error',
      fields: {
        application: 'a',
        task: 'loud_1',
        stage: 'loud',
        topic: 'said',
        partition: 1,
        offset: 4,
        code: 'STAGE_FAILED_FATAL',
      },
    });
    expect(lines.messages[2]).toMatch(
      /^error: application "a" has failed, and is started again in [01]\.\d s: stage "loud" failed$/,
    );
  });

  test('waits twice as long after each failure in a row, a minute at most', async () => {
    const { clock, fakes, made } = runner(['a']);
    const [fake] = fakes as [FakeStartable];
    const [a] = made.supervisors;
    fake.refusals = Array.from({ length: 8 }, () => new StorageError('LOG_UNAVAILABLE', 'away'));
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      await settle();
      waits.push((a?.nextStartMs as number) - clock.now());
      clock.advanceTo(a?.nextStartMs as number);
    }
    await settle();
    expect(a?.state).toBe('running');
    [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000].forEach((ceiling, i) => {
      expect(waits[i]).toBeGreaterThanOrEqual(ceiling / 2);
      expect(waits[i]).toBeLessThanOrEqual(ceiling);
    });
    expect(new Set(waits).size).toBe(8);
  });

  test.each([
    [59_999, 4000],
    [60_000, 1000],
  ])('waits as after other failures when it ran for %i ms', async (ranMs, ceiling) => {
    const { clock, fakes, made } = runner(['a']);
    const [fake] = fakes as [FakeStartable];
    const [a] = made.supervisors;
    fake.refusals = [poison, poison];
    for (let i = 0; i < 2; i++) {
      await settle();
      clock.advanceTo(a?.nextStartMs as number);
    }
    await settle();
    clock.advanceTo(clock.now() + ranMs);
    fake.last.fail(poison);
    await settle();
    const wait = (a?.nextStartMs as number) - clock.now();
    expect(wait).toBeGreaterThanOrEqual(ceiling / 2);
    expect(wait).toBeLessThanOrEqual(ceiling);
  });

  test('does not start again what only a change can mend', async () => {
    const wrong = new ConfigError('PLAN_REFUSED', 'not what ran before');
    const { clock, fakes, made, states, lines } = runner(['a', 'b']);
    (fakes[0] as FakeStartable).refusals = [wrong];
    await settle();
    clock.advanceTo(3_600_000);
    await settle();
    expect(states()).toEqual(['failed', 'running']);
    expect(made.supervisors[0]?.failure).toBe(wrong);
    expect(lines.messages).toContain(
      'error: application "a" has failed, and is not started again: not what ran before',
    );
    await made.close();
    expect(states()).toEqual(['failed', 'stopped']);
  });

  test('starts again what another process has, until that one is gone', async () => {
    const { clock, fakes, made, states } = runner(['a']);
    (fakes[0] as FakeStartable).refusals = [new ConfigError('APPLICATION_OWNED', 'process 9')];
    await made.started;
    expect(states()).toEqual(['restarting']);
    clock.advanceTo(1000);
    await settle();
    expect(states()).toEqual(['running']);
  });

  test('ends when each has failed for good', async () => {
    const { fakes, made } = runner(['a', 'b'], { restart: false });
    await settle();
    let ended = false;
    void made.ended.then(() => (ended = true));
    fakes[0]?.last.fail(poison);
    await settle();
    expect(ended).toBe(false);
    fakes[1]?.last.fail(poison);
    await settle();
    expect(ended).toBe(true);
  });

  test('closes what runs and forgets what waits', async () => {
    const { fakes, made, states } = runner(['a', 'b']);
    await settle();
    fakes[0]?.last.fail(poison);
    await settle();
    await made.close();
    expect(states()).toEqual(['stopped', 'stopped']);
    expect(fakes.map(({ last }) => last.closed)).toEqual([true, true]);
    expect(made.supervisors.map(({ failure }) => failure)).toEqual([poison, undefined]);
  });

  test('is caught up when all are, and none committed between two looks', async () => {
    const { fakes, made } = runner(['a', 'b']);
    await settle();
    expect(await made.caughtUp()).toBe(false);
    const [a, b] = fakes.map(({ last }) => last);
    if (a === undefined || b === undefined) throw new Error('not started');
    a.progressed = { caughtUp: true, commits: 4 };
    expect(await made.caughtUp()).toBe(false);
    b.progressed = { caughtUp: true, commits: 9 };
    expect(await made.caughtUp()).toBe(true);
    let commits = 9;
    b.progress = async () => ({ caughtUp: true, commits: commits++ });
    expect(await made.caughtUp()).toBe(false);
  });
});
