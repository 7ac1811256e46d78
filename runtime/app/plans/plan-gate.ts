import type { Manifest } from '../../../topology/plan/compare/manifest.ts';
import { digestOf } from '../../../topology/plan/compare/manifest.ts';
import { manifestTasks } from '../../../topology/plan/compare/manifest-tasks.ts';
import type { TaskUnit } from '../../ports.ts';
import type { PlanRecords, StoredPlan } from './plan-records.ts';
import { conflict } from './review.ts';

/**
 * Who may be in a group together: asked of its leader before it assigns anything (design.md 8).
 */
export class PlanGate {
  /** Digest of this member's plan. */
  readonly digest: string;
  private readonly records: PlanRecords;
  private readonly own: Manifest;
  private plans: ReadonlyMap<string, StoredPlan> = new Map();

  constructor(records: PlanRecords, own: Manifest) {
    this.records = records;
    this.own = own;
    this.digest = digestOf(own);
  }

  /**
   * Digest of each plan that may not be in the group → why. The plan that ran last stays, or the newest
   * one where none of its members is left; others must be rolling edits of all that are let in. The newest
   * of those is what runs from now on.
   */
  async admit(digests: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const now = await this.records.read('committed');
    if (digests.every((digest) => digest === now.current?.digest)) {
      // All run what ran before. What others have under way changes nothing of that, and what a dead member has left open is waited for by nobody here: only
      // when this is settled somebody ends it.
      this.plans = now.plans;
      return new Map();
    }
    const history = await this.records.read('uncommitted');
    this.plans = history.plans;
    const refused = new Map<string, string>();
    const known: StoredPlan[] = [];
    for (const digest of new Set(digests)) {
      const stored = history.plans.get(digest);
      if (stored === undefined)
        refused.set(digest, `its plan ${digest} is not in the control topic`);
      else known.push(stored);
    }
    const first = (plan: StoredPlan): number => (plan === history.current ? 0 : 1);
    known.sort((a, b) => first(a) - first(b) || b.offset - a.offset);
    const admitted: StoredPlan[] = [];
    for (const plan of known) {
      const reasons = admitted.map((other) => conflict(other.manifest, plan.manifest));
      const reason = reasons.find((found) => found !== undefined);
      if (reason === undefined) admitted.push(plan);
      else refused.set(plan.digest, `its plan does not go together with what runs:\n${reason}`);
    }
    await this.advance(history.current, admitted);
    return refused;
  }

  /** Stores this member's plan where the control topic does not have it (any more). True: it did. */
  async announce(): Promise<boolean> {
    const { plans } = await this.records.read('uncommitted');
    if (plans.has(this.digest)) return false;
    await this.records.add(this.own);
    return true;
  }

  /** Tasks of a plan, of those that were last asked about. */
  tasksOf(digest: string): readonly TaskUnit[] {
    const manifest = digest === this.digest ? this.own : this.plans.get(digest)?.manifest;
    return manifest === undefined ? [] : manifestTasks(manifest);
  }

  private async advance(
    current: StoredPlan | undefined,
    admitted: readonly StoredPlan[],
  ): Promise<void> {
    const newest = admitted.reduce<StoredPlan | undefined>(
      (best, plan) => (best === undefined || plan.offset > best.offset ? plan : best),
      undefined,
    );
    if (newest === undefined || newest.digest === current?.digest) return;
    const forget = [...this.plans.values()]
      // A newer one may be of a member that is about to join.
      .filter((plan) => plan.offset < newest.offset && !admitted.includes(plan))
      .map(({ digest }) => digest);
    await this.records.setCurrent(newest.digest, forget);
  }
}
