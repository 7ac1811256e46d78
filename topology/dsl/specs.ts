import { ConfigError } from '../core/errors.ts';
import type { Duration } from '../core/duration.ts';
import type { StreamRecord } from '../core/record.ts';
import type { InputDef } from '../definition/definition.ts';
import type { Expression } from './expr.ts';
import type { OutputSpec, PunctuateOptions, StageOptions } from './options.ts';
import type { FnSpec, Use, ValueSpec } from './use.ts';
import { present } from './use.ts';

/** A function of a record of a stream. */
export type RecordFn<K, V, R> = (value: V, key: K, record: StreamRecord<K, V>) => R;

/** A function of a row of a table. */
export type RowFn<K, V, R> = (value: V, key: K) => R;

/** What functions of `map` and `flatMap` give. */
export interface KeyValue<K, V> {
  readonly key: K;
  readonly value: V;
}

/** New key and value: each by an expression or function, or both by one function. */
export type MapSpec<K, V, K2, V2> =
  | {
      readonly key?: FnSpec<RecordFn<K, V, K2>>;
      readonly value?: ValueSpec<RecordFn<K, V, V2>>;
    }
  | (Use<RecordFn<K, V, KeyValue<K2, V2>>> & { readonly keyAs?: string });

/** How `dedupe` tells repeats. */
export interface DedupeOptions extends StageOptions {
  /** 'key', or an expression. */
  readonly by: Expression;
  /** Expression whose value must be equal in a repeat. @defaultValue any repeat is a duplicate */
  readonly compare?: Expression;
  readonly retention: Duration;
  /** @defaultValue 'dead-letter' */
  readonly conflict?: 'dead-letter' | 'drop' | { readonly out: string };
  /** Names of the outputs that are used. */
  readonly out?: readonly string[];
}

/** Options of operators that keep a table in a store. */
export interface StoredOptions extends StageOptions {
  /** Name of the store. @defaultValue the name of the stage (none for `filter` and `mapValues`) */
  readonly store?: string;
}

/** Options of a stream–table join. */
export interface JoinOptions extends StageOptions {
  /** Key to look up in a global table. @defaultValue the record's key */
  readonly on?: Expression;
}

/** An RxJS stage with one input. */
export interface ProcessOptions<
  O extends Readonly<Record<string, OutputSpec>>,
> extends StageOptions {
  /** The stage: a name in the processors folder, or {@link use} with its implementation. */
  readonly process: string | Use;
  readonly out: O;
  readonly stores?: readonly string[];
  readonly punctuate?: Readonly<Record<string, PunctuateOptions>>;
}

/** New value over left and right of a join. */
export type JoinSpec<K, V, R, W> = ValueSpec<(left: V, right: R, key: K) => W>;

/** How `reduce` combines values; `subtract` takes an old row of a table out again. */
export interface ReduceSpec<K, V> {
  readonly add: ValueSpec<(aggregate: V, value: V, key: K) => V>;
  readonly subtract?: ValueSpec<(aggregate: V, value: V, key: K) => V>;
}

/** Where an aggregate of Avro type `as` starts and how it grows. */
export interface AggregateSpec<K, V, A> {
  readonly as: string;
  readonly init: ValueSpec<(key: K) => A>;
  readonly add: ValueSpec<(aggregate: A, value: V, key: K) => A>;
  readonly subtract?: ValueSpec<(aggregate: A, value: V, key: K) => A>;
}

/** Reference and pending key of a handle: where a stage reads from. */
export interface Feed {
  readonly ref: string;
  readonly rekey?: string;
}

/** The input of a stage, as the definition holds it. */
export function toInput(name: string, feeds: readonly Feed[]): InputDef {
  const rekeys = new Set(feeds.map(({ rekey }) => rekey));
  if (rekeys.size > 1) {
    throw new ConfigError(
      'BUILDER_MERGE',
      `streams merged into input "${name}" have different keys: use withKey on the merged stream`,
    );
  }
  return present<InputDef>({ name, from: feeds.map(({ ref }) => ref), key: feeds[0]?.rekey });
}
