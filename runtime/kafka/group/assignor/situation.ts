import { compareTasks, compareText, splitTask } from './task-order.ts';
import type { AssignmentInput, AssignorOptions, MemberClaim } from './model.ts';

/** Lag of a member whose distance to an unknown end cannot be told; what it holds is taken off. */
const unknownLag = 2 ** 52;

/**
 * What an assignment starts from, by number: members in order of slot, tasks in order of id. The same whatever the order in which
 * they came.
 */
export class Situation {
  readonly options: AssignorOptions;
  readonly members: readonly MemberClaim[];
  readonly tasks: readonly string[];
  /** By task: it has state. */
  readonly stateful: readonly boolean[];
  /** By task: number of its sub-topology. */
  readonly kind: readonly number[];
  /** By task: the member that has it now, of several that say so the one of the latest generation; −1: nobody. */
  readonly owner: readonly number[];
  private readonly lags: Float64Array;

  constructor(input: AssignmentInput) {
    this.options = input.options;
    this.members = input.members.toSorted(
      (a, b) => compareText(a.slot, b.slot) || compareText(a.memberId, b.memberId),
    );
    const units = input.tasks.toSorted((a, b) => compareTasks(a.id, b.id));
    this.tasks = units.map((unit) => unit.id);
    this.stateful = units.map((unit) => unit.stores > 0);
    const kinds = new Map<string, number>();
    this.kind = this.tasks.map((id) => {
      const [kind] = splitTask(id);
      if (!kinds.has(kind)) kinds.set(kind, kinds.size);
      return kinds.get(kind) as number;
    });
    this.owner = this.owners();
    this.lags = new Float64Array(this.tasks.length * this.members.length);
    this.measure(input.ends);
  }

  /** Changelog records that a member lacks of a task; 0 where it runs the task, or there is no state. */
  lag(task: number, member: number): number {
    return this.lags[task * this.members.length + member] as number;
  }

  /** True where a member may run the task without a long restore. */
  warm(task: number, member: number): boolean {
    return this.lag(task, member) <= this.options.acceptableLag;
  }

  private owners(): number[] {
    const index = new Map(this.tasks.map((id, task) => [id, task]));
    const owner = this.tasks.map(() => -1);
    for (const [member, claim] of this.members.entries()) {
      for (const id of claim.owned) {
        const task = index.get(id);
        if (task === undefined) continue;
        const other = this.members[owner[task] as number];
        if (other === undefined || other.generation < claim.generation) owner[task] = member;
      }
    }
    return owner;
  }

  private measure(ends: ReadonlyMap<string, number> | undefined): void {
    let at = 0;
    for (const [task, id] of this.tasks.entries()) {
      const end = ends === undefined ? unknownLag : (ends.get(id) ?? 0);
      for (const [member, { held }] of this.members.entries()) {
        const none = !this.stateful[task] || this.owner[task] === member;
        this.lags[at++] = none ? 0 : Math.max(0, end - (held.get(id) ?? 0));
      }
    }
  }
}
