import { IllegalStateError } from '../../topology/core/errors.ts';
import { addOutcomes, newOutcomes, type Outcomes } from '../../processors/outcomes.ts';
import type { ErrorPolicyDef } from '../../topology/definition/definition.ts';
import type { OutputBuffer } from './output-buffer.ts';

/** A record that failed: the policy that it failed under, and why. */
export interface RecordFailure {
  readonly policy: ErrorPolicyDef;
  readonly error: unknown;
}

/**
 * One attempt of one batch: what it wrote, whether it is over, whether it failed. Handles made for it check {@link Attempt.over} (invariant E8).
 */
export class Attempt {
  readonly output: OutputBuffer;
  readonly outcomes = new Map<string, Outcomes>();
  /** Source topic → counters of its source. */
  readonly sources = new Map<string, Outcomes>();
  /** Topic and counters of the record taken last: records come in runs of one topic. */
  latestTopic: string | undefined;
  latestOutcomes: Outcomes = newOutcomes();
  /** The error policies of the records that it sent to dead letters, one for each. */
  readonly failedUnder: RecordFailure[] = [];
  /** Items that no stage got: records that are held, and those that were given up or wait on. */
  passedOver = 0;
  /** First failure; undefined while there is none. */
  failure: { readonly error: unknown } | undefined;
  /** True once the batch has ended: handles made for this attempt throw (E8). */
  over = false;

  private open = 0;
  private connected = false;
  private detach: (() => void)[] = [];
  private onSettled: (() => void) | undefined;

  constructor(output: OutputBuffer) {
    this.output = output;
  }

  /** Counters of a node, made on first use. */
  outcomesOf(node: string): Outcomes {
    let outcomes = this.outcomes.get(node);
    if (outcomes === undefined) {
      outcomes = newOutcomes();
      this.outcomes.set(node, outcomes);
    }
    return outcomes;
  }

  /** Takes over the counters and failures of an attempt that is a part of this one (a savepoint). */
  absorb(part: Attempt): void {
    for (const [node, outcomes] of part.outcomes) addOutcomes(this.outcomesOf(node), outcomes);
    this.failedUnder.push(...part.failedUnder);
    this.passedOver += part.passedOver;
  }

  fail(error: unknown): void {
    this.failure ??= { error };
    this.settle();
  }

  /** A subscription whose completion the batch waits for: completion is the barrier (design.md 4). */
  opened(): void {
    this.open++;
  }

  closed(): void {
    this.open--;
    this.settle();
  }

  /** Keeps the function that ends a subscription, for {@link Attempt.end}. */
  keep(detach: () => void): void {
    this.detach.push(detach);
  }

  /** All subscriptions are made: from now on none open means over. */
  allConnected(): void {
    this.connected = true;
  }

  /** Failed, or every observable of the batch has completed. */
  get settled(): boolean {
    return this.failure !== undefined || (this.connected && this.open === 0);
  }

  /** Calls `action` once when the attempt is settled; at once if it is. */
  whenSettled(action: () => void): void {
    if (this.settled) action();
    else this.onSettled = action;
  }

  /** Ends the attempt: unsubscribes everything; its handles throw from now on. */
  end(): void {
    this.over = true;
    this.onSettled = undefined;
    for (const detach of this.detach) detach();
    this.detach = [];
  }

  /** @throws {IllegalStateError} HANDLE_OVER when the attempt is over (invariant E8) */
  assertLive(what: string): void {
    if (!this.over) return;
    throw new IllegalStateError(
      'HANDLE_OVER',
      `${what} was used after its batch was over; a stage must not keep handles or emit after it completed`,
    );
  }

  private settle(): void {
    const onSettled = this.onSettled;
    if (onSettled === undefined || !this.settled) return;
    this.onSettled = undefined;
    onSettled();
  }
}
