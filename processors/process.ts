import type { Observable } from 'rxjs';
import type { Header, StreamRecord } from '../topology/core/record.ts';
import type { Punctuation } from './stage.ts';
import type { KeyValueStore } from './store.ts';

/** Inputs of a user's stage: port → what it carries; a punctuation's name → {@link Punctuation}. */
export type ProcessInputs = Readonly<Record<string, StreamRecord | Punctuation>>;

/** Outputs of a user's stage: port → its records. */
export type ProcessOutputs = Readonly<Record<string, StreamRecord>>;

/** Stores of a user's stage, by name. */
export type ProcessStores = Readonly<Record<string, KeyValueStore>>;

/**
 * What a user's stage may use during one attempt of one batch. Everything here throws
 * `IllegalStateError` when the attempt is over (invariant E8).
 */
export interface ProcessContext<Stores = ProcessStores> {
  /** Name of the stage. */
  readonly stage: string;
  /** `<subTopology>_<partition>`. */
  readonly taskId: string;
  /**
   * Largest record time that the task has seen, ms; −1 before the first record. Never goes back.
   */
  readonly streamTime: number;
  /** Largest record time that reached this stage, ms; −1 before the first. */
  readonly operatorTime: number;
  /** Wall clock at the start of the batch, ms: the same for all its records. */
  readonly wallClock: number;
  /**
   * A store that the stage declares.
   * @throws {IllegalStateError} STORE_UNDECLARED if it does not
   */
  store<Name extends keyof Stores & string>(name: Name): Stores[Name];
  /** A new record that comes from no input: a punctuation's output, say. */
  record<K, V>(fields: {
    key: K;
    value: V;
    time: number;
    headers?: readonly Header[];
  }): StreamRecord<K, V>;
  /**
   * Sends a record to the dead letters as a failure of this stage. It is counted as dead-lettered,
   * not as absorbed.
   */
  deadLetter(record: StreamRecord, reason: string): void;
}

/**
 * A user's stage: from the records of one batch to the records that it sends. Called anew for each
 * attempt of a batch; memory across records belongs in stores, so that the result does not depend
 * on where the input is cut into batches (design.md 4).
 *
 * It subscribes to every input (an input that only writes state: {@link effect}) and returns an
 * observable for every declared output. What it returns as `effects` is run and must complete, and
 * gives no records.
 *
 * **Example**
 * ```ts
 * type In = { take: StreamRecord<string, Order>; tick: Punctuation };
 * type Out = { held: StreamRecord<string, Held> };
 * export const reserve: ProcessStage<In, Out, { stock: KeyValueStore<string, Stock> }> =
 *   (inputs, context) => ({ held: inputs.take.pipe(map((order) => order.withValue(hold(order.value)))) });
 * ```
 */
export type ProcessStage<
  In extends ProcessInputs = ProcessInputs,
  Out extends ProcessOutputs = ProcessOutputs,
  Stores extends object = ProcessStores,
> = (
  inputs: { readonly [Port in keyof In]: Observable<In[Port]> },
  context: ProcessContext<Stores>,
) => { readonly [Port in keyof Out]: Observable<Out[Port]> } & {
  readonly effects?: Observable<unknown>;
};
