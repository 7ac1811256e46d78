import type { Situation } from './situation.ts';

/** Who runs each task for now, and who prepares to. */
export interface Placement {
  /** By task: the member that runs it. */
  readonly active: readonly number[];
  /** By task: the member that it is to move to when that has its state; −1: it stays. */
  readonly warmup: readonly number[];
}

/**
 * Keeps a task with a member that has its state while the one that it is meant for lacks it: that one warms up first, `maxWarmups` tasks at a time, and the
 * task moves in a later assignment (Kafka Streams' HighAvailabilityTaskAssignor, KIP-441). A task whose state nobody has goes where it is meant to.
 */
export function deferCold(situation: Situation, target: readonly number[]): Placement {
  const active = [...target];
  const warmup = target.map(() => -1);
  const load = situation.members.map(() => 0);
  const warming = situation.members.map(() => 0);
  const cold: number[] = [];
  for (const [task, member] of target.entries()) {
    if (!situation.warm(task, member) && hasWarm(situation, task)) cold.push(task);
    else load[member] = (load[member] as number) + 1;
  }
  // Those that are furthest: their copies are the next to be complete.
  const lag = (task: number): number => situation.lag(task, target[task] as number);
  for (const task of cold.toSorted((a, b) => lag(a) - lag(b) || a - b)) {
    const member = target[task] as number;
    const runs = warmest(situation, task, load);
    active[task] = runs;
    load[runs] = (load[runs] as number) + 1;
    if ((warming[member] as number) >= situation.options.maxWarmups) continue;
    warmup[task] = member;
    warming[member] = (warming[member] as number) + 1;
  }
  return { active, warmup };
}

function hasWarm(situation: Situation, task: number): boolean {
  return situation.members.some((_, member) => situation.warm(task, member));
}

/** Its owner, else the one with the fewest tasks among those that have its state. */
function warmest(situation: Situation, task: number, load: readonly number[]): number {
  const owner = situation.owner[task] as number;
  if (owner >= 0) return owner;
  let best = -1;
  for (const member of load.keys()) {
    if (!situation.warm(task, member)) continue;
    if (best < 0 || (load[member] as number) < (load[best] as number)) best = member;
  }
  return best;
}
