import { ProcessingError } from '../../topology/core/errors.ts';
import type { RecordFailure } from '../task/attempt.ts';
import { errorMessage } from '../task/dead-letter.ts';
import type { ErrorPolicyDef, HaltAbove } from '../../topology/definition/definition.ts';
import type { Plan, PlanNode } from '../../topology/plan/plan.ts';

const slices = 60;

/**
 * Stops the line when too many records fail (`halt-above: 5% of 100 per 1m`): more than a share of at least so many records within a sliding time. Time is
 * counted in 60 slices.
 */
export class HaltGuard {
  private readonly rule: HaltAbove;
  private readonly sliceMs: number;
  private readonly counts: { slice: number; records: number; failures: number }[] = [];

  constructor(rule: HaltAbove) {
    this.rule = rule;
    this.sliceMs = Math.max(1, Math.ceil(rule.perMs / slices));
  }

  /**
   * Adds what a completed batch took and how many of it failed, the last one with `lastError`.
   * @throws {ProcessingError} HALT_ABOVE when the rule is broken
   */
  observe(records: number, failures: number, nowMs: number, lastError?: unknown): void {
    const slice = Math.floor(nowMs / this.sliceMs);
    const last = this.counts.at(-1);
    if (last?.slice === slice) {
      last.records += records;
      last.failures += failures;
    } else {
      this.counts.push({ slice, records, failures });
    }
    while ((this.counts[0] as { slice: number }).slice <= slice - slices) this.counts.shift();
    if (failures === 0) return;
    let taken = 0;
    let failed = 0;
    for (const count of this.counts) {
      taken += count.records;
      failed += count.failures;
    }
    if (taken < this.rule.records || failed <= this.rule.share * taken) return;
    throw new ProcessingError(
      'HALT_ABOVE',
      `${failed} of ${taken} records failed within ${this.rule.perMs} ms, more than the ${this.rule.share * 100} % of halt-above` +
        (lastError === undefined ? '' : `; the last one: ${errorMessage(lastError)}`) +
        '. Mend the cause and start again: nothing is lost, and what is not in the dead letters yet is read again',
      lastError === undefined ? {} : { cause: lastError },
    );
  }
}

/** The guards of an application: one per rule that its error policies name. */
export class HaltGuards {
  private readonly guards: ReadonlyMap<string, HaltGuard>;
  private failures = new Map<string, { readonly count: number; readonly error: unknown }>();

  constructor(plan: Plan) {
    const rules = [plan.errors, ...plan.subTopologies.flatMap((it) => it.nodes.map(policyOf))];
    const guards = new Map<string, HaltGuard>();
    for (const policy of rules) {
      if (policy === undefined || !('haltAbove' in policy) || policy.haltAbove === undefined)
        continue;
      guards.set(JSON.stringify(policy.haltAbove), new HaltGuard(policy.haltAbove));
    }
    this.guards = guards;
  }

  /** A record failed. */
  failed({ policy, error }: RecordFailure): void {
    if (!('haltAbove' in policy) || policy.haltAbove === undefined) return;
    const id = JSON.stringify(policy.haltAbove);
    this.failures.set(id, { count: (this.failures.get(id)?.count ?? 0) + 1, error });
  }

  /**
   * Adds the records that batches took since the last call.
   * @throws {ProcessingError} HALT_ABOVE when a rule is broken
   */
  observe(records: number, nowMs: number): void {
    if (this.guards.size === 0 || (records === 0 && this.failures.size === 0)) return;
    const failures = this.failures;
    this.failures = new Map();
    for (const [id, guard] of this.guards) {
      const failed = failures.get(id);
      guard.observe(records, failed?.count ?? 0, nowMs, failed?.error);
    }
  }
}

function policyOf(node: PlanNode): ErrorPolicyDef | undefined {
  return node.kind === 'stage' ? node.errors : undefined;
}
