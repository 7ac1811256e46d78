import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { units } from './assignor/cases.ts';
import { GroupWorld, type ModelMember } from './group-world.ts';

type Step =
  | { readonly kind: 'start' | 'wait'; readonly ms: number }
  | {
      readonly kind: 'leave' | 'kill' | 'restart' | 'stop' | 'resume' | 'cut' | 'mend';
      readonly at: number;
      readonly ms: number;
    };

const settings = {
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 20_000,
  heartbeatIntervalMs: 2000,
};
const taskCount = 5;

const wait = fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 30_000 }));
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('start' as const, 'wait' as const), ms: wait }),
    fc.record({
      kind: fc.constantFrom(
        ...(['leave', 'kill', 'restart', 'stop', 'resume', 'cut', 'mend'] as const),
      ),
      at: fc.nat(),
      ms: wait,
    }),
  ),
  { minLength: 1, maxLength: 12 },
);

const scenario = fc.record({
  steps,
  static: fc.boolean(),
  callbackMs: fc.constantFrom(0, 700, 12_000),
  seed: fc.nat(),
});

/** xorshift, for latencies and back-off. */
function seeded(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * Everybody commits all the time what it has, also those who are stopped or dead: that is the request that they sent before. What the coordinator takes must never
 * come from an assignment older than one that it has taken from.
 */
class Commits {
  private readonly world: GroupWorld;
  private readonly latest = new Map<string, number>();
  taken = 0;

  constructor(world: GroupWorld) {
    this.world = world;
  }

  readonly check = (): void => {
    const owners = new Map<string, ModelMember>();
    for (const it of this.world.members) {
      const { memberId, generation, instanceId, doubtful, ended } = it.member;
      for (const [partition, assignment] of it.has) {
        const code = this.world.coordinator.commit(memberId, generation, instanceId);
        if (code === 0) this.take(partition, assignment);
        if (doubtful || ended || it.process.state === 'dead') continue;
        const other = owners.get(partition);
        if (other !== undefined) throw new Error(`${partition}: ${other.slot} and ${it.slot}`);
        owners.set(partition, it);
      }
    }
  };

  private take(partition: string, assignment: number): void {
    this.taken++;
    const latest = this.latest.get(partition) ?? -1;
    if (assignment < latest) throw new Error(`${partition}: ${assignment} after ${latest}`);
    this.latest.set(partition, assignment);
  }
}

describe('a group under random faults', () => {
  test('never has two owners of a task, and in the end has one of each', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (it) => {
        const world = new GroupWorld(units(taskCount), seeded(it.seed));
        const options = { ...settings, static: it.static, callbackMs: it.callbackMs };
        const commits = new Commits(world);
        world.start('s0', options);
        world.start('s1', options);
        await world.pass(5000, commits.check);
        let events = 4;
        for (const step of it.steps) {
          const alive = world.members.filter((one) => one.process.state !== 'dead');
          const one = 'at' in step ? alive[step.at % Math.max(1, alive.length)] : undefined;
          events += act(world, step, { one, options });
          await world.pass(step.ms, commits.check);
        }
        for (const one of world.members) {
          one.process.resume();
          one.wire.mend();
        }
        await world.pass(90_000, commits.check);
        const { rebalances } = world.coordinator;
        await world.pass(30_000, commits.check);
        // Every fault can take a member out, and bring it back; each needs a second rebalance to hand over.
        expect(rebalances).toBeLessThanOrEqual(4 * events + 2 * it.steps.length);
        expect(world.coordinator.rebalances).toBe(rebalances);
        const members = world.members.filter(
          (one) => one.process.state === 'running' && !one.member.ended,
        );
        expect(members.map((one) => one.failure)).toEqual(members.map(() => undefined));
        if (members.length === 0) return;
        const counts = members.map((one) => one.has.size);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(taskCount);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        expect(commits.taken).toBeGreaterThan(0);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  }, 120_000);
});

/** @returns changes of the group that it may cause */
function act(
  world: GroupWorld,
  step: Step,
  { one, options }: { one: ModelMember | undefined; options: object },
): number {
  if (step.kind === 'wait') return 0;
  if (step.kind === 'start' || one === undefined) {
    world.start(`s${world.members.length}`, options);
    return 1;
  }
  if (step.kind === 'leave') void one.member.leave();
  if (step.kind === 'kill' || step.kind === 'restart') one.process.kill();
  if (step.kind === 'restart') world.start(one.slot, options);
  if (step.kind === 'stop') one.process.stop();
  if (step.kind === 'resume') one.process.resume();
  if (step.kind === 'cut') one.wire.break();
  if (step.kind === 'mend') one.wire.mend();
  return 2;
}
