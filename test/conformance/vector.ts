/** One row of input: a record, or a move of the wall clock. */
export type VectorInput =
  | { readonly topic: string; readonly key: Scalar; readonly value: Scalar; readonly ts: number }
  | { readonly advanceWallClockMs: number }
  | { readonly setWallClockMs: number };

/** A key or value of a vector: text, a whole number, a fraction, or nothing. */
export type Scalar = string | number | null;

/**
 * One row that came out. `output` is absent where there is only one; a change has `newValue` in
 * place of `value`.
 */
export interface VectorRow {
  readonly output?: string;
  readonly key: Scalar;
  readonly value?: Scalar;
  readonly newValue?: Scalar;
  readonly oldValue?: Scalar;
  /** Absent: not asserted. */
  readonly ts?: number;
}

export interface VectorStep {
  readonly inputs: readonly VectorInput[];
  readonly expected: readonly VectorRow[];
  readonly match?: VectorMatch;
  /** What Kafka's own test asserts, where that is less. */
  readonly sourceMatch?: VectorMatch;
  readonly checkedOutputs?: readonly string[];
}

export type VectorMatch =
  'unordered' | 'exactPerOutput' | 'prefix' | 'latestByKey' | 'latestForListedKeys';

/**
 * A node of a vector's topology, in Kafka Streams' words; which fields are there depends on `op`.
 */
export interface VectorNode {
  readonly id: string;
  readonly op: string;
  readonly in?: readonly string[];
  readonly topics?: readonly string[];
  readonly topic?: string;
  readonly fn?: string;
  readonly init?: Scalar;
  readonly adder?: string;
  readonly subtractor?: string;
  readonly joiner?: string;
  readonly joinType?: string;
  readonly keySelector?: string;
  readonly graceMs?: number;
  readonly store?: { readonly name?: string; readonly kind?: string };
  readonly sendOldValues?: boolean;
  readonly branches?: readonly VectorBranch[];
  readonly punctuators?: readonly {
    readonly type: 'WALL_CLOCK_TIME' | 'STREAM_TIME';
    readonly intervalMs: number;
  }[];
}

/** A branch of a split. Where its records go follows from how the test names it. */
export interface VectorBranch {
  readonly predicate?: string;
  readonly defaultBranch?: boolean;
  readonly as?: string;
  readonly to?: string;
  readonly withConsumer?: string;
  readonly withFunction?: string;
}

export interface Vector {
  readonly name: string;
  readonly topology?: {
    readonly nodes: readonly VectorNode[];
    readonly outputs: Readonly<
      Record<string, string | { readonly node: string; readonly view: 'changes' }>
    >;
  };
  readonly steps?: readonly VectorStep[];
}
