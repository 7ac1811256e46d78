import type { Observable } from 'rxjs';
import type { Header, StreamRecord } from '../topology/core/record.ts';
import type { Outcomes } from './outcomes.ts';
import type { KeyValueStore } from './store.ts';

/** A tick of a punctuation: `time` is the stream time or the wall-clock time at which it fired, ms since epoch. */
export interface Punctuation {
  readonly time: number;
  /** Ends the schedule for good: it never fires again in this task, restarts included. Rolled back with the batch. */
  cancel(): void;
}

/** Input port → the records of one batch (or, for a punctuation's name, its ticks). Each emits and completes. */
export type StageInputs = Readonly<Record<string, Observable<StreamRecord>>>;

/**
 * Output port → records, hot: subscribe before the first input record flows. The batch is over when all have completed, so the engine subscribes to every
 * one that is returned, also where nothing consumes it: errors come this way, too, on every output. A `process` stage without outputs returns `effects`,
 * which gives no records. When the last subscriber leaves, the stage lets go of its inputs and aborts its async work.
 */
export type StageOutputs = Readonly<Record<string, Observable<StreamRecord>>>;

/**
 * What a stage may use during one attempt of one batch. Handles throw `IllegalStateError` when the attempt is over (invariant E8).
 */
export interface StageContext {
  /** Name of the stage. */
  readonly stage: string;
  readonly taskId: string;
  /** Largest record time that this task has seen, ms; −1 before the first record. Never goes back. */
  readonly streamTime: number;
  /** Largest record time that reached *this operator*, ms; −1 before the first. Kept across restarts (invariant E5). */
  operatorTime: number;
  /** Wall clock at the start of the batch, ms. The same for all records of the batch. */
  readonly wallClock: number;
  /** Counters of what became of records (design.md, principle 4). */
  readonly outcomes: Outcomes;
  /**
   * A store that the stage declares.
   * @throws {IllegalStateError} STORE_UNDECLARED if the stage does not declare it
   */
  store<K = unknown, V = unknown>(name: string): KeyValueStore<K, V>;
  /** A new record that comes from no input (a punctuation's output, say). */
  record<K, V>(fields: {
    key: K;
    value: V;
    time: number;
    headers?: readonly Header[];
  }): StreamRecord<K, V>;
  /** Sends a record to the dead letters as a failure of this stage: raw bytes of its input where it has one. Counts it as `deadLettered`; stages do not. */
  deadLetter(record: StreamRecord, reason: string): void;
  /**
   * Hands an external request to the journal (call stages only): it is issued after this batch's transaction is known to be committed (design.md 7).
   */
  issue(request: CallIntent): void;
}

/** An intent of a `call` stage: what is asked, for which record. */
export interface CallIntent {
  /** The record whose key, headers and time the outcome carries. */
  readonly record: StreamRecord;
  readonly request: unknown;
  readonly idempotencyKey: string;
}

/** A compiled stage: connected anew for each attempt of a batch. Its result may not depend on where the input is cut into batches (design.md 4). */
export interface Stage {
  /**
   * Listens to the inputs. A stage with one kind of input takes any port as such; a join ignores the records of port `with`; a call takes `CallReply` values on
   * port `reply`.
   * @throws {ConfigError} PROCESS_… if a user's stage does not return the outputs that it declares
   * @throws {ProcessingError} if a user's stage throws before any record came
   */
  connect(inputs: StageInputs, context: StageContext): StageOutputs;
}
