import {
  array,
  constant,
  constantFrom,
  integer,
  record,
  subarray,
  tuple,
  type Arbitrary,
} from 'fast-check';
import {
  assign,
  type GroupAssignment,
} from '../../../../../runtime/kafka/group/assignor/assign.ts';
import type {
  AssignmentInput,
  AssignorOptions,
  MemberClaim,
} from '../../../../../runtime/kafka/group/assignor/model.ts';
import type { TaskUnit } from '../../../../../runtime/ports.ts';

export const defaults: AssignorOptions = {
  standbyReplicas: 0,
  acceptableLag: 10_000,
  maxWarmups: 2,
};

export function member(slot: string, claim: Partial<MemberClaim> = {}): MemberClaim {
  return {
    memberId: `${slot}-id`,
    slot,
    host: undefined,
    generation: claim.owned === undefined ? -1 : 1,
    owned: [],
    held: new Map(),
    ...claim,
  };
}

/** Tasks of one sub-topology, `0_0` and on. */
export function units(count: number, stores = 0, subTopology = '0'): TaskUnit[] {
  return Array.from({ length: count }, (_, partition) => ({
    id: `${subTopology}_${partition}`,
    inputs: [{ topic: `in-${subTopology}`, partition }],
    stores,
  }));
}

export function input(
  members: readonly MemberClaim[],
  tasks: readonly TaskUnit[],
  more: Partial<Omit<AssignmentInput, 'options'>> & { options?: Partial<AssignorOptions> } = {},
): AssignmentInput {
  return {
    ends: new Map(),
    withheld: new Set(),
    ...more,
    members,
    tasks,
    options: { ...defaults, ...more.options },
  };
}

/** Slot → ids, `active / standby`. */
export function shown(members: readonly MemberClaim[], assignment: GroupAssignment): string[] {
  return members.map(({ memberId, slot }) => {
    const its = assignment.members.get(memberId);
    const standby = its?.standby.length ? ` / ${its.standby.join(' ')}` : '';
    return `${slot}: ${its?.active.join(' ')}${standby}`;
  });
}

/**
 * What the members become: each has what it got, standbys and warm-ups have their state, and those who ran a task keep it. Repeats
 * until nothing changes.
 * @returns the settled members, their assignment, and the number of assignments that it took
 */
export function settle(
  first: AssignmentInput,
  limit = 100,
): { members: readonly MemberClaim[]; last: GroupAssignment; rounds: number; moves: number } {
  let { members } = first;
  let moves = 0;
  for (let rounds = 1; ; rounds++) {
    const last = assign({ ...first, members });
    const next = members.map((it) => {
      const got = last.members.get(it.memberId)!;
      moves += got.active.filter((id) => !it.owned.includes(id)).length;
      const held = new Map(it.held);
      for (const id of [...got.active, ...got.standby]) held.set(id, first.ends?.get(id) ?? 0);
      return { ...it, owned: got.active, held, generation: rounds + 1 };
    });
    const settled = members.every((it, i) => same(it, next[i]!)) && !last.followUp;
    members = next;
    if (settled) return { members, last, rounds, moves };
    if (rounds === limit) throw new Error(`not settled after ${limit} assignments`);
  }
}

function same(a: MemberClaim, b: MemberClaim): boolean {
  return (
    a.owned.length === b.owned.length &&
    a.owned.every((id) => b.owned.includes(id)) &&
    a.held.size === b.held.size &&
    [...b.held].every(([id, count]) => a.held.get(id) === count)
  );
}

export interface Scene {
  readonly members: readonly MemberClaim[];
  readonly tasks: readonly TaskUnit[];
  readonly ends: ReadonlyMap<string, number>;
  readonly options: AssignorOptions;
}

/** Any group: claims that overlap, are stale or of unknown tasks; state of any size anywhere. */
export const scenes: Arbitrary<Scene> = record({
  stateless: integer({ min: 0, max: 12 }),
  stateful: integer({ min: 0, max: 12 }),
  options: record({
    standbyReplicas: integer({ min: 0, max: 3 }),
    acceptableLag: constant(100),
    maxWarmups: integer({ min: 1, max: 3 }),
  }),
  count: integer({ min: 1, max: 7 }),
}).chain(({ stateless, stateful, options, count }) => {
  const tasks = [...units(stateless, 0, '0'), ...units(stateful, 1, '1')];
  const ids = [...tasks.map((it) => it.id), 'gone_1'];
  const sizes = constantFrom(0, 50, 150, 5000);
  return record({
    tasks: constant(tasks),
    options: constant(options),
    ends: array(sizes, { minLength: stateful, maxLength: stateful }).map(
      (ends) => new Map(ends.map((end, i) => [`1_${i}`, end])),
    ),
    members: array(
      record({
        host: constantFrom(undefined, 'h1', 'h2'),
        generation: integer({ min: 0, max: 3 }),
        owned: subarray(ids),
        held: array(tuple(constantFrom(...ids), sizes)).map((pairs) => new Map(pairs)),
      }),
      { minLength: count, maxLength: count },
    ).map((claims) => claims.map((claim, i) => member(`s${i}`, claim))),
  });
});

/** As {@link scenes}, in which no two members claim one task. */
export const soundScenes: Arbitrary<Scene> = scenes.map((scene) => {
  const taken = new Set<string>();
  const members = scene.members.map((it) => {
    const owned = it.owned.filter((id) => !taken.has(id));
    for (const id of owned) taken.add(id);
    return { ...it, owned };
  });
  return { ...scene, members };
});
