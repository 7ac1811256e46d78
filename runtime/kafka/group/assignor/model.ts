import type { TaskUnit } from '../../../ports.ts';

/** A member as the leader of a group knows it when it assigns. */
export interface MemberClaim {
  readonly memberId: string;
  /** Its stable name: members are told apart and ordered by it, so that nothing depends on who joined first. */
  readonly slot: string;
  /** Where it runs; standbys are spread over hosts. Undefined: not known. */
  readonly host: string | undefined;
  /** The generation of its last assignment; −1: it has none yet. */
  readonly generation: number;
  /** Ids of the tasks that it has not given up since then. */
  readonly owned: readonly string[];
  /** Task id → changelog records that it holds on disk. */
  readonly held: ReadonlyMap<string, number>;
}

export interface AssignorOptions {
  /** Members beside its owner that keep a copy of each stateful task. */
  readonly standbyReplicas: number;
  /** A member that lacks no more changelog records than this of a task may run it at once. */
  readonly acceptableLag: number;
  /** Copies that one member may build at the same time of tasks that are to move to it. */
  readonly maxWarmups: number;
}

export interface AssignmentInput {
  readonly members: readonly MemberClaim[];
  readonly tasks: readonly TaskUnit[];
  /** Task id → sum of its changelogs' ends, 0 where absent; undefined: they could not be asked. */
  readonly ends: ReadonlyMap<string, number> | undefined;
  /** Ids of tasks that nobody may get for now: somebody has them who is not among the members any more. */
  readonly withheld: ReadonlySet<string>;
  readonly options: AssignorOptions;
}

/** What one member gets. Ids in task order. */
export interface MemberAssignment {
  readonly active: readonly string[];
  /** Tasks that it keeps a copy of, those it warms up for included. */
  readonly standby: readonly string[];
  /** Tasks that move to it once its copy is nearly complete. */
  readonly warmups: readonly string[];
}
