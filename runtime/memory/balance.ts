import type { TaskUnit } from '../ports.ts';

/** A member as the balance sees it. */
export interface BalancedMember {
  readonly id: string;
  /** Ids of the tasks that it has at present. */
  readonly owned: ReadonlySet<string>;
  /** Task id → changelog records that it holds. */
  readonly held: ReadonlyMap<string, number>;
}

export interface Balanced {
  /** Member id → its tasks, in order of the units. */
  readonly active: ReadonlyMap<string, readonly TaskUnit[]>;
  /** Member id → ids of the tasks that it is a standby of. */
  readonly standby: ReadonlyMap<string, readonly string[]>;
}

/**
 * Who runs which task: as many tasks each, give or take one; who has a task keeps it as far as that allows; what is free goes to the member that holds most of its
 * state. Standbys are on other members than the owner. Equal input gives equal output.
 */
export function balance(
  members: readonly BalancedMember[],
  units: readonly TaskUnit[],
  standbyReplicas: number,
): Balanced {
  const active = new Map<string, TaskUnit[]>(members.map(({ id }) => [id, []]));
  const ofUnit = new Map<TaskUnit, string>();
  const give = (unit: TaskUnit, id: string): void => {
    active.get(id)?.push(unit);
    ofUnit.set(unit, id);
  };
  for (const [id, quota] of quotas(members, units.length)) {
    const owned = members.find((member) => member.id === id)?.owned;
    const kept = units.filter((unit) => owned?.has(unit.id) === true && !ofUnit.has(unit));
    for (const unit of kept.slice(0, quota)) give(unit, id);
  }
  const limits = new Map(quotas(members, units.length));
  for (const unit of units) {
    if (ofUnit.has(unit)) continue;
    const open = members.filter(({ id }) => (active.get(id)?.length ?? 0) < (limits.get(id) ?? 0));
    const heir = best(open, ({ id, held }) => [held.get(unit.id) ?? -1, -count(active, id)]);
    if (heir !== undefined) give(unit, heir.id);
  }
  const standby = new Map<string, string[]>(members.map(({ id }) => [id, []]));
  for (const unit of units) {
    if (unit.stores === 0) continue;
    const others = members.filter(({ id }) => id !== ofUnit.get(unit));
    for (let i = 0; i < standbyReplicas && others.length > 0; i++) {
      const chosen = best(others, ({ id, held }) => [
        held.get(unit.id) ?? -1,
        -count(standby, id),
      ]) as BalancedMember;
      others.splice(others.indexOf(chosen), 1);
      standby.get(chosen.id)?.push(unit.id);
    }
  }
  for (const list of active.values()) list.sort((a, b) => units.indexOf(a) - units.indexOf(b));
  return { active, standby };
}

/** How many tasks each may have; who has most gets one of those that do not divide. */
function quotas(members: readonly BalancedMember[], tasks: number): readonly [string, number][] {
  const least = Math.floor(tasks / members.length);
  const more = tasks % members.length;
  return members
    .toSorted((a, b) => b.owned.size - a.owned.size)
    .map(({ id }, i) => [id, i < more ? least + 1 : least]);
}

function count(of: ReadonlyMap<string, readonly unknown[]>, id: string): number {
  return of.get(id)?.length ?? 0;
}

/** The member with the greatest score, compared number by number; the first of equals. */
function best(
  members: readonly BalancedMember[],
  score: (member: BalancedMember) => readonly number[],
): BalancedMember | undefined {
  let chosen: BalancedMember | undefined;
  let highest: readonly number[] = [];
  for (const member of members) {
    const own = score(member);
    const place = own.findIndex((value, i) => value !== highest[i]);
    const greater = place >= 0 && (own[place] as number) > (highest[place] ?? -Infinity);
    if (chosen !== undefined && !greater) continue;
    chosen = member;
    highest = own;
  }
  return chosen;
}
