import type { Situation } from './situation.ts';
import type { Placement } from './warm-up.ts';

/**
 * Members that keep a copy of each stateful task, at most `standbyReplicas` of them: never the one that runs it or warms up for it, each another one, on other hosts
 * where there are, with those that have the state already, spread evenly.
 *
 * By task: members' numbers.
 */
export function placeStandbys(situation: Situation, placement: Placement): number[][] {
  const { tasks, members, stateful, options } = situation;
  const places: number[][] = tasks.map(() => []);
  const count = Math.min(options.standbyReplicas, members.length - 1);
  const stated = [...tasks.keys()].filter((task) => stateful[task]);
  const share = Math.ceil((stated.length * count) / members.length);
  const load = members.map(() => 0);
  for (let replica = 0; replica < count; replica++) {
    for (const task of byChoice(situation, stated, placement)) {
      const member = choose(situation, task, { placement, taken: places[task] ?? [], load, share });
      if (member < 0) continue;
      places[task]?.push(member);
      load[member] = (load[member] as number) + 1;
    }
  }
  return places;
}

/** Tasks that somebody has the state of first: they must not find their place taken. */
function byChoice(situation: Situation, tasks: readonly number[], placement: Placement): number[] {
  const holder = (task: number): number =>
    situation.members.some(
      (_, member) => member !== placement.active[task] && situation.warm(task, member),
    )
      ? 0
      : 1;
  const rank = new Map(tasks.map((task) => [task, holder(task)]));
  return tasks.toSorted((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0) || a - b);
}

interface Choice {
  readonly placement: Placement;
  readonly taken: readonly number[];
  readonly load: readonly number[];
  readonly share: number;
}

/** −1: there is no member left. */
function choose(situation: Situation, task: number, choice: Choice): number {
  const { placement, taken, load, share } = choice;
  const active = placement.active[task] as number;
  const hosts = new Set([active, ...taken].map((member) => situation.members[member]?.host));
  const cost = (member: number): readonly number[] => [
    (load[member] as number) >= share ? 1 : 0,
    hosts.has(situation.members[member]?.host) ? 1 : 0,
    situation.lag(task, member),
    load[member] as number,
    // The neighbour of the one that runs it, and so on: else all copies of one member are with one other.
    (member - active + load.length) % load.length,
  ];
  let best = -1;
  let bestCost: readonly number[] = [];
  for (const member of load.keys()) {
    if (member === active || member === placement.warmup[task] || taken.includes(member)) continue;
    const its = cost(member);
    if (best < 0 || less(its, bestCost)) {
      best = member;
      bestCost = its;
    }
  }
  return best;
}

function less(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
