import type { SubjectStrategy } from '../core/subject.ts';

/**
 * The Definition: what an author wrote, as plain immutable data. The YAML front end and the TypeScript builder both end here, with equal values
 * (design.md 2). Nothing is resolved yet: names are text, expressions are CEL text, durations are ms.
 *
 * Every object below holds only what JSON can hold; absent options are absent keys (never `undefined`), so two definitions can be compared deeply.
 * Where something stands in a file is kept beside it, by path (`SourceMap`), never inside.
 */
export interface Definition {
  readonly application: string;
  readonly doc?: string;
  /** Folder where `process:` and `use:` look, relative to the topology file. */
  readonly processors?: string;
  /** Folder of `.avsc` files, relative to the topology file. */
  readonly schemas?: string;
  readonly streams: Readonly<Record<string, StreamDef>>;
  readonly tables: Readonly<Record<string, TableDef>>;
  readonly stores: Readonly<Record<string, StoreDef>>;
  readonly calls: Readonly<Record<string, CallDef>>;
  readonly stages: Readonly<Record<string, StageDef>>;
  readonly errors?: { readonly default?: ErrorPolicyDef };
}

export type Format = 'avro' | 'json' | 'string' | 'bytes';

/** What streams and tables have in common: a topic and how its records look. */
export interface TopicDef {
  /** One topic, or several that are read as one (a sink needs exactly one). */
  readonly topics: readonly string[];
  /** Avro type names: a primitive or a full name. */
  readonly key: string;
  readonly value: string;
  /** Expression for the record time; absent: the time stamp that the log has. */
  readonly time?: string;
  /** Unit of `time` where the expression is a plain long. */
  readonly timeUnit?: 'ms' | 's' | 'us';
  /** Format of the value. @defaultValue 'avro' */
  readonly format?: Format;
  /** Subject of the value's schema in the registry. @defaultValue 'topic' */
  readonly subject?: SubjectStrategy;
  /** Subject of the key's schema, where the key is no primitive. @defaultValue 'topic' */
  readonly keySubject?: SubjectStrategy;
  readonly partitions?: number;
  /** How long records are kept, ms, or 'forever'. Absent: forever. */
  readonly retention?: number | 'forever';
  readonly cleanup?: 'delete' | 'compact';
  /** @defaultValue 'earliest' */
  readonly offsetReset?: 'earliest' | 'latest' | 'none';
  /** Expression over key and value for the partition, where it is not the key's. */
  readonly partitionBy?: string;
  readonly doc?: string;
  readonly owner?: string;
}

export type StreamDef = TopicDef;

export interface TableDef extends TopicDef {
  /** A full copy of all partitions in every member, joined by any key. */
  readonly global?: boolean;
  /** Name of its store. @defaultValue the table's name */
  readonly store?: string;
}

/** A store that `process` stages use. The stores of tables and aggregates need no declaration. */
export interface StoreDef {
  readonly key: string;
  readonly value: string;
  /** ms of stream time after the row's time at which it expires; 'none': never. */
  readonly ttl: number | 'none';
  /** Reason for `ttl: none`. */
  readonly why?: string;
  readonly doc?: string;
}

/** An external service: what is asked and what it answers. Where it is stands in the runner file or in `processors/<name>.ts`. */
export interface CallDef {
  readonly request: string;
  readonly reply: string;
  /** Absent: idempotent, for 24 h. */
  readonly effect?: CallEffect;
  readonly doc?: string;
}

/**
 * What it means to send a request of a call again.
 *
 * - `idempotent`: the service makes it once for each idempotency key, as long as `windowMs` after the first request with it.
 * - `lookup`: the service is asked what became of it before it is sent again.
 * - `at-most-once`: it is never sent again.
 * - `at-least-once`: it is sent again, and may be made twice.
 */
export type CallEffect =
  | { readonly kind: 'idempotent'; readonly windowMs: number }
  | { readonly kind: 'lookup' }
  | { readonly kind: 'at-most-once' }
  | { readonly kind: 'at-least-once' };

/** `stream`, `table`, `stage` or `stage.output`. */
export type Ref = string;

/** A CEL expression, or a function exported by a file of the processors folder (kebab-case name, camelCase export). */
export type Fn = { readonly expr: string } | { readonly use: string };

/** How a value is made: an expression, a function (`as` says the Avro type of its result), or a projection onto an Avro record type, field by field. */
export type ValueFn =
  | { readonly expr: string }
  | { readonly use: string; readonly as?: string }
  | { readonly as: string; readonly set: Readonly<Record<string, string>> };

export interface InputDef {
  /** Name of the input; 'in' where the author wrote only `from`. */
  readonly name: string;
  /** One reference, or several that are merged. */
  readonly from: readonly Ref[];
  /** Expression for a new key. */
  readonly key?: string;
}

/** An output that a `process` stage declares. */
export interface OutputDef {
  readonly name: string;
  readonly key: string;
  readonly value: string;
}

/** A stream to write to, with an optional projection; or a choice among streams, made by an expression that gives the stream's name. */
export type SinkDef =
  | { readonly stream: string; readonly key?: string; readonly value?: ValueFn }
  | { readonly by: string; readonly among: readonly string[] };

export interface StageDef {
  readonly doc?: string;
  readonly inputs: readonly InputDef[];
  readonly operator: OperatorDef;
  /** Outputs that a `process` stage declares; names of used outputs where `out:` is a list. */
  readonly outputs?: readonly OutputDef[] | readonly string[];
  readonly to?: readonly SinkDef[];
  /** Outputs that nothing consumes, on purpose. */
  readonly drop?: readonly string[];
  readonly errors?: ErrorPolicyDef;
}

export type ErrorPolicyDef =
  | {
      readonly deadLetter: string;
      readonly haltAbove?: HaltAbove;
      readonly parkByKey?: ParkByKey;
    }
  | { readonly fail: true };

/**
 * Later records of a key that has a dead letter wait behind it, until it is sent on or given up: `most` of them in a task, then `whenFull` says what becomes
 * of the rest.
 */
export interface ParkByKey {
  readonly most: number;
  /** `wait`: the task takes no further records; `stop`: the application stops. Either way nothing is lost or overtaken. */
  readonly whenFull: 'wait' | 'stop';
}

/** Stop when more than `share` (0…1) of at least `records` records within `perMs` failed. */
export interface HaltAbove {
  readonly share: number;
  readonly records: number;
  readonly perMs: number;
}

export type Grouping =
  { readonly by: 'key' } | { readonly by: 'expr'; readonly key: string; readonly value?: ValueFn };

export type OperatorDef =
  /** Only `from` and `to`: merging, fan-out, re-keying. */
  | { readonly kind: 'pass' }
  | { readonly kind: 'filter' | 'filter-not'; readonly when: Fn; readonly store?: string }
  | {
      readonly kind: 'map';
      readonly key?: Fn;
      readonly value?: ValueFn;
      readonly use?: string;
      readonly keyAs?: string;
      readonly as?: string;
    }
  | { readonly kind: 'map-values'; readonly value: ValueFn; readonly store?: string }
  | { readonly kind: 'flat-map'; readonly use: string; readonly keyAs: string; readonly as: string }
  | { readonly kind: 'flat-map-values'; readonly value: ValueFn }
  | { readonly kind: 'peek'; readonly use: string }
  | {
      readonly kind: 'split';
      readonly branches: readonly { readonly name: string; readonly when: string }[];
      /** Name of the branch that takes the rest; 'dropped' is written as null. */
      readonly rest: string | null;
    }
  | { readonly kind: 'repartition'; readonly partitions?: number }
  | {
      readonly kind: 'dedupe';
      /** 'key', or an expression. */
      readonly by: string;
      /** Expression whose value must be equal; absent: any repeat is a duplicate. */
      readonly compare?: string;
      readonly retentionMs: number;
      /** What becomes of the same key with another body. @defaultValue dead-letter */
      readonly conflict?: 'dead-letter' | 'drop' | { readonly out: string };
    }
  | {
      readonly kind: 'process';
      readonly use: string;
      readonly stores?: readonly string[];
      readonly punctuate?: Readonly<Record<string, PunctuateDef>>;
    }
  | CallOperatorDef
  | { readonly kind: 'count'; readonly group: Grouping; readonly store?: string }
  | {
      readonly kind: 'reduce';
      readonly group: Grouping;
      /** Over `aggregate` and `value`. */
      readonly add: ValueFn;
      readonly subtract?: ValueFn;
      readonly store?: string;
    }
  | {
      readonly kind: 'aggregate';
      readonly group: Grouping;
      /** Avro type of the aggregate. */
      readonly as: string;
      /** Expression or projection of the first aggregate, over `key`. */
      readonly init: ValueFn;
      readonly add: ValueFn;
      readonly subtract?: ValueFn;
      readonly store?: string;
    }
  | {
      readonly kind: 'join';
      /** A table or global table (streams: a later issue). */
      readonly with: Ref;
      readonly type: 'inner' | 'left';
      /** Key to look up in a global table, over `key` and `value`. */
      readonly on?: string;
      /** Over `left` and `right`. */
      readonly value: ValueFn;
    }
  | { readonly kind: 'to-table'; readonly store?: string }
  | { readonly kind: 'to-stream'; readonly key?: string };

export type OperatorKind = OperatorDef['kind'];

export interface PunctuateDef {
  readonly everyMs: number;
  readonly by: 'stream-time' | 'wall-clock';
}

export interface CallOperatorDef {
  readonly kind: 'call';
  readonly call: string;
  /** Field of the request type → expression. */
  readonly request: Readonly<Record<string, string>>;
  readonly idempotencyKey: string;
  readonly timeoutMs: number;
  readonly retry: RetryDef;
  /** Absent: requests go out whatever became of the latest ones. */
  readonly breaker?: BreakerDef;
  readonly concurrency: { readonly limit: number; readonly order: 'per-key' | 'none' };
  /** How long the call log keeps an outcome, ms. Absent: 30 days. */
  readonly logRetentionMs?: number | 'forever';
  /** Expression over `reply` whose value picks the outcome. */
  readonly match: string;
  /** Value of `match` → where the record goes. */
  readonly outcomes: Readonly<Record<string, OutcomeDef>>;
  /** Where a record goes whose outcome cannot be known. */
  readonly unknown: UnknownDef;
}

/** When requests of a call stage stop for a while. */
export interface BreakerDef {
  /** Latest requests that count. */
  readonly window: number;
  /** Share of failures among them at which it opens, above 0 and up to 1. */
  readonly openAt: number;
  /** How long it stays open, ms; then one request tries. */
  readonly coolDownMs: number;
}

export interface RetryDef {
  /** Requests that were sent; a refused connection does not count. */
  readonly attempts: number | 'unlimited';
  readonly backoffMs: number;
  readonly maxMs: number;
  readonly jitter: 'full' | 'none';
  readonly when: readonly ('timeout' | 'unavailable')[];
}

export interface OutcomeDef {
  readonly out: string;
  /** Value of the output; absent: the call's input goes on. Over `key`, `value`, `reply`. */
  readonly map?: ValueFn;
  /** `stage.output` whose effect this outcome undoes: the edge on which a cycle is allowed. */
  readonly compensates?: Ref;
}

/** Where a record goes whose outcome cannot be known, and how often it is asked again before. */
export interface UnknownDef extends OutcomeDef {
  /** Asked again with the same key, so many times at most, each time so long after the last. Absent: the outcome at once. */
  readonly park?: { readonly afterMs: number; readonly times: number };
}
