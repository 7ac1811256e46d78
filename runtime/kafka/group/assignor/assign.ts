import { balance } from './balance.ts';
import type { AssignmentInput, MemberAssignment } from './model.ts';
import { Situation } from './situation.ts';
import { placeStandbys } from './standbys.ts';
import { deferCold } from './warm-up.ts';

/** What a group's tasks are dealt out to. */
export interface GroupAssignment {
  /** By member id. */
  readonly members: ReadonlyMap<string, MemberAssignment>;
  /** True where a task is given to nobody because its present owner has to give it up first: another assignment must follow. */
  readonly followUp: boolean;
}

/**
 * Assigns tasks to the members of a group: whole (a task's inputs stay together), balanced by tasks and by tasks with state, sticky, standbys beside.
 *
 * - No task is given to a member while another one has it (cooperative: KIP-429): such a task is in nobody's assignment, its owner gives it up and joins again.
 * - No task moves to a member without its state while one with it can run it; see {@link deferCold}. Where nothing has to move and no copy became complete,
 *   the same comes out again.
 *
 * Pure, and the same whatever the order of members and tasks.
 */
export function assign(input: AssignmentInput): GroupAssignment {
  const situation = new Situation(input);
  if (situation.members.length === 0) return { members: new Map(), followUp: false };
  const placement = deferCold(situation, balance(situation));
  const standbys = placeStandbys(situation, placement);
  const gets = situation.members.map(() => ({
    active: [] as string[],
    standby: [] as string[],
    warmups: [] as string[],
  }));
  let followUp = false;
  for (const [task, id] of situation.tasks.entries()) {
    const active = placement.active[task] as number;
    const owner = situation.owner[task] as number;
    const taken = (owner >= 0 && owner !== active) || input.withheld.has(id);
    if (taken) followUp = true;
    else gets[active]?.active.push(id);
    const warmup = gets[placement.warmup[task] as number];
    warmup?.warmups.push(id);
    warmup?.standby.push(id);
    for (const member of standbys[task] ?? []) gets[member]?.standby.push(id);
  }
  return {
    members: new Map(
      situation.members.map(({ memberId }, i) => [memberId, gets[i] as MemberAssignment]),
    ),
    followUp,
  };
}
