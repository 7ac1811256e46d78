import type { GroupOptions, TaskUnit } from '../../ports.ts';
import type { JoinGroupResponse } from '../messages/join-group.ts';
import { pause } from '../../pause.ts';
import { assign } from './assignor/assign.ts';
import type { MemberAssignment } from './assignor/model.ts';
import { compareText } from './assignor/task-order.ts';
import { decodeSubscription, encodeAssignment } from './consumer-protocol.ts';
import type { CompiledSettings } from './settings.ts';
import { decodeMember, encodeAssigned, packRoster, type MemberData } from './user-data.ts';

export interface Leadership {
  readonly options: GroupOptions;
  readonly tasks: readonly TaskUnit[];
  readonly settings: CompiledSettings;
}

interface Applicant extends MemberData {
  readonly memberId: string;
}

export type EncodedAssignments = readonly { memberId: string; assignment: Buffer }[];

/** Longest wait for the ends of changelogs, ms: all members wait with the leader. */
const endsTimeoutMs = 5000;

const nothing: MemberAssignment = { active: [], standby: [], warmups: [] };

/**
 * What the leader of a group does: admits plans, asks for ends of changelogs, assigns, and writes it down for each member.
 * @throws {ConfigError} GROUP_VERSION, GROUP_FOREIGN where a member's data cannot be read; what `admit` throws
 */
export async function lead(
  { options, tasks, settings }: Leadership,
  members: JoinGroupResponse['members'],
): Promise<EncodedAssignments> {
  const applicants = members.map((it): Applicant => {
    const { userData } = decodeSubscription(it.metadata);
    return { ...decodeMember(userData), memberId: it.memberId };
  });
  const refusals = await refusalsOf(options, applicants);
  const admitted = applicants.filter((it) => !refusals.has(it.plan));
  const barred = applicants.filter((it) => refusals.has(it.plan));
  const plans = new Set(admitted.map((it) => it.plan));
  const shared = sharedTasks(tasks, options, plans);
  const { members: gets, followUp } = assign({
    members: admitted.map((it) => ({ ...it, host: hostOf(it.endpoint) })),
    tasks: shared,
    ends: options.stateEnds === undefined ? new Map() : await endsOf(options.stateEnds, settings),
    withheld: new Set(barred.flatMap((it) => it.owned)),
    options: {
      standbyReplicas: options.standbyReplicas ?? 0,
      acceptableLag: settings.acceptableLag,
      maxWarmups: settings.maxWarmups,
    },
  });
  const get = (memberId: string): MemberAssignment => gets.get(memberId) ?? nothing;
  const bySlot = applicants.toSorted((a, b) => compareText(a.slot, b.slot));
  const roster = packRoster(
    bySlot.map(({ memberId, slot, endpoint, generation }) => {
      const { active, standby } = get(memberId);
      return { memberId, slot, endpoint, generation, active, standby };
    }),
  );
  const inputs = new Map(shared.map((unit) => [unit.id, unit.inputs]));
  return applicants.map(({ memberId, plan }) => {
    const { active, warmups } = get(memberId);
    const assigned = { plan, refused: refusals.get(plan) ?? null, followUp, warmups };
    return {
      memberId,
      assignment: encodeAssignment({
        partitions: active.flatMap((id) => inputs.get(id) ?? []),
        userData: encodeAssigned(assigned, roster),
      }),
    };
  });
}

/** The tasks that every plan has, with the same inputs: a member of another plan could not run the rest. */
function sharedTasks(
  tasks: readonly TaskUnit[],
  { tasksOf }: GroupOptions,
  plans: ReadonlySet<string>,
): readonly TaskUnit[] {
  if (tasksOf === undefined) return tasks;
  const known = [...plans].map((plan) => new Map(tasksOf(plan).map((it) => [it.id, inputsOf(it)])));
  return tasks.filter((unit) => known.every((of) => of.get(unit.id) === inputsOf(unit)));
}

function inputsOf({ inputs }: TaskUnit): string {
  return inputs
    .map(({ topic, partition }) => `${topic}-${partition}`)
    .toSorted()
    .join();
}

async function refusalsOf(
  options: GroupOptions,
  applicants: readonly Applicant[],
): Promise<ReadonlyMap<string, string>> {
  const plans = [...new Set(applicants.map((it) => it.plan))].sort();
  return (await options.admit?.(plans)) ?? new Map();
}

/** Undefined where they cannot be had in time: then nothing with state moves to who lacks it. */
async function endsOf(
  stateEnds: NonNullable<GroupOptions['stateEnds']>,
  { clock }: CompiledSettings,
): Promise<ReadonlyMap<string, number> | undefined> {
  const timeOut = new AbortController();
  try {
    return await Promise.race([
      stateEnds().catch(() => undefined),
      pause(clock, endsTimeoutMs, timeOut.signal).then(() => undefined),
    ]);
  } finally {
    timeOut.abort();
  }
}

function hostOf(endpoint: string | null): string | undefined {
  return endpoint !== null && URL.canParse(endpoint) ? new URL(endpoint).hostname : undefined;
}
