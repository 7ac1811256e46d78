import type { MemberView } from '../../ports.ts';
import { compareText } from './assignor/task-order.ts';
import type { Roster, RosterEntry } from './user-data.ts';

/** This member's entry; of a static one that came back by its instance id it still has the old member id. */
export function entryOf(
  roster: Roster,
  self: { readonly memberId: string; readonly slot: string; readonly instanceId: string | null },
): RosterEntry | undefined {
  const { memberId, slot, instanceId } = self;
  const mine = roster.find((it) => it.memberId === memberId);
  return mine ?? (instanceId === null ? undefined : roster.find((it) => it.slot === slot));
}

/** The roster as other parts get it; `mine` is this member's entry. */
export function viewsOf(roster: Roster, mine: RosterEntry | undefined): MemberView[] {
  return roster.map((it) => ({
    memberId: it.memberId,
    self: it === mine,
    endpoint: it.endpoint ?? undefined,
    active: it.active,
    standby: it.standby,
  }));
}

/**
 * Slots that were in the roster before and are not in the present one, if this member is the one to care for them: of those that had the latest assignment
 * before this one, the first by slot. So each departure is told to one member.
 */
export function departedFor(slot: string, before: Roster, now: Roster): string[] {
  const latest = Math.max(...now.map((it) => it.generation));
  const witnesses = now.filter((it) => it.generation === latest).map((it) => it.slot);
  if (witnesses.sort(compareText)[0] !== slot) return [];
  const present = new Set(now.map((it) => it.slot));
  return before.map((it) => it.slot).filter((it) => !present.has(it));
}
