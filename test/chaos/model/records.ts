/** A record that a task took, as the model sees it. */
export interface TakenRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** Decoded, plain; undefined: it does not decode. */
  readonly value: unknown;
  readonly time: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Time stamp in the log, key and value as bytes: a dead letter repeats them. */
  readonly raw: { readonly time: number; readonly key: string; readonly value: string };
}

/** A record that the model says a task writes. */
export interface ModelRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly value: unknown;
  readonly time: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** Records that one task writes to one partition in this order; others may stand between them. */
export type Sequence = readonly ModelRecord[];

/** A row that the model says a store holds: key and value as text that is equal for equal rows. */
export interface ModelRow {
  readonly value: string;
  readonly time: number;
  readonly keep: boolean;
}

/** `store/partition` → key as text → row. */
export type ModelStores = Map<string, Map<string, ModelRow>>;

/** The model of one task: takes its records in order, one at a time. */
export interface TaskModel {
  take(record: TakenRecord): void;
  /** What it wrote, in sequences. */
  sequences(): readonly Sequence[];
  /** Rows of its stores, by `store/partition`. */
  stores(): ModelStores;
}
