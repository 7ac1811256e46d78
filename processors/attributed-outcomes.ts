import type { StreamRecord } from '../topology/core/record.ts';
import type { Outcomes } from './outcomes.ts';

/**
 * Counts what becomes of the records of a user's stage, which only shows what it emits. A record is
 * emitted or dead-lettered if that happens while it is handed in; what comes later (async work) is
 * attributed by its origin. Until then, and otherwise, the record is absorbed. So at any moment
 * each record is counted as exactly one of the three (design.md, principle 4).
 */
export class AttributedOutcomes {
  readonly #outcomes: Outcomes;
  /** Taken without an output so far; indexed by origin when the first late output comes. */
  readonly #absorbed: StreamRecord[] = [];
  readonly #index = new Map<string, number>();
  #current: StreamRecord | undefined;
  #currentEnded = false;

  constructor(outcomes: Outcomes) {
    this.#outcomes = outcomes;
  }

  /** A record is about to be handed in. */
  take(record: StreamRecord): void {
    this.#outcomes.in++;
    this.#current = record;
    this.#currentEnded = false;
  }

  /** The record was handed in. */
  taken(): void {
    const record = this.#current as StreamRecord;
    this.#current = undefined;
    if (this.#currentEnded) return;
    this.#outcomes.absorbed++;
    this.#absorbed.push(record);
  }

  /** The stage emitted a record. */
  emit(record: StreamRecord): void {
    this.#outcomes.out++;
    if (this.#ends(record)) this.#outcomes.emitted++;
  }

  /** The stage is about to dead-letter a record, which the engine counts. */
  deadLetter(record: StreamRecord): void {
    this.#ends(record);
  }

  /** True if this is the first that is known of the input record that it comes from. */
  #ends(record: StreamRecord): boolean {
    if (this.#current !== undefined) {
      const first = !this.#currentEnded;
      this.#currentEnded = true;
      return first;
    }
    // A record that comes from no input (a punctuation's) cannot be attributed.
    if (record.offset < 0) return false;
    for (const each of this.#absorbed.splice(0)) {
      const id = origin(each);
      this.#index.set(id, (this.#index.get(id) ?? 0) + 1);
    }
    const id = origin(record);
    const count = this.#index.get(id) ?? 0;
    if (count === 0) return false;
    this.#index.set(id, count - 1);
    this.#outcomes.absorbed--;
    return true;
  }
}

function origin(record: StreamRecord): string {
  return `${record.topic}-${record.partition}-${record.offset}`;
}
