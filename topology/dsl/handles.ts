import { ConfigError } from '../core/errors.ts';
import type { Grouping, InputDef, OperatorDef } from '../definition/definition.ts';
import type { CallOptions, OutcomeName, OutcomeSpec, UnknownSpec } from './call.ts';
import { outcomeOutputs, toCallOperator } from './call.ts';
import type { Draft } from './draft.ts';
import type { Expression } from './expr.ts';
import type { GlobalKTable } from './global-table.ts';
import * as make from './operators.ts';
import type { OutputSpec, StageOptions } from './options.ts';
import { toOutputs } from './options.ts';
import type { SinkSpec } from './sinks.ts';
import { toSinkDef } from './sinks.ts';
import type {
  AggregateSpec,
  DedupeOptions,
  Feed,
  JoinOptions,
  JoinSpec,
  KeyValue,
  MapSpec,
  ProcessOptions,
  RecordFn,
  ReduceSpec,
  RowFn,
  StoredOptions,
} from './specs.ts';
import { toInput } from './specs.ts';
import type { FnSpec, Register, Use, ValueSpec } from './use.ts';
import { expressionText, present } from './use.ts';

/** The streams of the outputs of a `process` stage. */
export type OutputStreams<O extends Readonly<Record<string, OutputSpec>>> = {
  readonly [P in keyof O]: O[P] extends OutputSpec<infer K, infer V> ? KStream<K, V> : never;
};

/** Adds a `process` stage and gives the streams of its outputs. */
export function addProcess<O extends Readonly<Record<string, OutputSpec>>>(
  draft: Draft,
  name: string,
  inputs: readonly InputDef[],
  options: ProcessOptions<O>,
): OutputStreams<O> {
  const operator = make.processOperator(options, draft.register);
  draft.addStage(name, { inputs, operator, outputs: toOutputs(options.out) }, options);
  return ports(draft, name, Object.keys(options.out)) as OutputStreams<O>;
}

function ports(draft: Draft, stage: string, names: readonly string[]): Record<string, KStream> {
  return Object.fromEntries(
    names.map((name) => [name, new KStream(draft, { ref: `${stage}.${name}` })]),
  );
}

/** A stream of records: of a source, an output or a stage. Methods add stages to it. */
export class KStream<K = unknown, V = unknown> {
  /** How other stages refer to it: `stream`, `stage` or `stage.output`. */
  readonly ref: string;
  /** New key that the next stage gives its input. */
  readonly rekey?: string;
  readonly #draft: Draft;
  readonly #use: Register;
  /** The stage whose only output this is. */
  readonly #stage: string | undefined;

  constructor(draft: Draft, feed: Feed, stage?: string) {
    this.ref = feed.ref;
    if (feed.rekey !== undefined) this.rekey = feed.rekey;
    this.#draft = draft;
    this.#use = draft.register;
    this.#stage = stage;
  }

  /** Adds a stage with this input. */
  #add(name: string, operator: OperatorDef, options: StageOptions, used?: readonly string[]): void {
    const parts = { inputs: [toInput('in', [this])], operator };
    this.#draft.addStage(name, used === undefined ? parts : { ...parts, outputs: used }, options);
  }

  /** Adds a stage with this input and gives its only output. */
  #then<K2, V2>(name: string, operator: OperatorDef, options: StageOptions): KStream<K2, V2> {
    this.#add(name, operator, options);
    return new KStream<K2, V2>(this.#draft, { ref: name }, name);
  }

  /** Lets a record pass if the condition is true. */
  filter(
    name: string,
    when: FnSpec<RecordFn<K, V, boolean>>,
    options: StageOptions = {},
  ): KStream<K, V> {
    return this.#then(name, make.filterOperator('filter', when, this.#use), options);
  }

  /** Lets a record pass if the condition is false. */
  filterNot(
    name: string,
    when: FnSpec<RecordFn<K, V, boolean>>,
    options: StageOptions = {},
  ): KStream<K, V> {
    return this.#then(name, make.filterOperator('filter-not', when, this.#use), options);
  }

  /** Makes a new key, a new value, or both. The key counts as changed. */
  map<K2 = unknown, V2 = unknown>(
    name: string,
    how: MapSpec<K, V, K2, V2>,
    options: StageOptions = {},
  ): KStream<K2, V2> {
    return this.#then(name, make.mapOperator(how, this.#use), options);
  }

  /** Makes a new value. The key stays. */
  mapValues<W = unknown>(
    name: string,
    value: ValueSpec<RecordFn<K, V, W>>,
    options: StageOptions = {},
  ): KStream<K, W> {
    return this.#then(name, make.mapValuesOperator(value, this.#use), options);
  }

  /** Makes any number of records by a function; `keyAs` and `as` are their Avro types. */
  flatMap<K2 = unknown, V2 = unknown>(
    name: string,
    how: Use<RecordFn<K, V, Iterable<KeyValue<K2, V2>>>> & {
      readonly keyAs: string;
      readonly as: string;
    },
    options: StageOptions = {},
  ): KStream<K2, V2> {
    return this.#then(name, make.flatMapOperator(how, this.#use), options);
  }

  /** Makes any number of values, one record each. The key stays. */
  flatMapValues<W = unknown>(
    name: string,
    values: Expression | Use<RecordFn<K, V, Iterable<W>>>,
    options: StageOptions = {},
  ): KStream<K, W> {
    return this.#then(name, make.flatMapValuesOperator(values, this.#use), options);
  }

  /** Shows each record to a function and passes it on as it is. */
  peek(name: string, how: Use<RecordFn<K, V, void>>, options: StageOptions = {}): KStream<K, V> {
    return this.#then(name, make.peekOperator(how, this.#use), options);
  }

  /** A stage that gives records a new key; {@link withKey} does so without a stage. */
  selectKey<K2 = unknown>(
    name: string,
    key: Expression,
    options: StageOptions = {},
  ): KStream<K2, V> {
    return this.withKey<K2>(key).pass(name, options);
  }

  /** The stream with a new key, for the next stage: `key` on an input of a topology file. */
  withKey<K2 = unknown>(key: Expression): KStream<K2, V> {
    return new KStream<K2, V>(this.#draft, { ref: this.ref, rekey: expressionText(key) });
  }

  /** A stage without operator: where records are written to several streams, say. */
  pass(name: string, options: StageOptions = {}): KStream<K, V> {
    return this.#then(name, { kind: 'pass' }, options);
  }

  /** One stream of this and others. */
  merge(name: string, others: readonly KStream<K, V>[], options: StageOptions = {}): KStream<K, V> {
    const inputs = [toInput('in', [this, ...others])];
    this.#draft.addStage(name, { inputs, operator: { kind: 'pass' } }, options);
    return new KStream<K, V>(this.#draft, { ref: name }, name);
  }

  /**
   * Sends each record to the first branch whose condition is true, in the order of the keys.
   * `otherwise` names the branch that takes the rest; null: the rest is dropped (and counted).
   */
  split<B extends string, R extends string | null>(
    name: string,
    branches: Readonly<Record<B, Expression>>,
    otherwise: R,
    options: StageOptions = {},
  ): { readonly [P in B | Extract<R, string>]: KStream<K, V> } {
    this.#add(name, make.splitOperator(branches, otherwise), options);
    return ports(this.#draft, name, [Object.keys(branches), otherwise ?? []].flat()) as {
      readonly [P in B | Extract<R, string>]: KStream<K, V>;
    };
  }

  /** Sends the records through a topic. Needed by hand only to change the number of partitions. */
  repartition(
    name: string,
    options: StageOptions & { readonly partitions?: number } = {},
  ): KStream<K, V> {
    return this.#then(name, make.repartitionOperator(options.partitions), options);
  }

  /** Lets the first record of each key pass (output `first`) and absorbs its repeats. */
  dedupe<C extends string = never>(
    name: string,
    options: DedupeOptions & { readonly conflict?: 'dead-letter' | 'drop' | { readonly out: C } },
  ): { readonly [P in C | 'first']: KStream<K, V> } {
    const { conflict, out } = options;
    this.#add(name, make.dedupeOperator(name, options), options, out);
    const names = typeof conflict === 'object' ? ['first', conflict.out] : ['first'];
    return ports(this.#draft, name, names) as { readonly [P in C | 'first']: KStream<K, V> };
  }

  /** An RxJS stage over this stream. With several inputs: `process` of the builder. */
  process<O extends Readonly<Record<string, OutputSpec>>>(
    name: string,
    options: ProcessOptions<O>,
  ): OutputStreams<O> {
    return addProcess(this.#draft, name, [toInput('in', [this])], options);
  }

  /** Asks an external service. Outcomes carry the input on, unless they have a `map`. */
  call<const O extends Readonly<Record<string, OutcomeSpec>>, const U extends UnknownSpec>(
    name: string,
    options: CallOptions<O, U> & StageOptions,
  ): { readonly [P in OutcomeName<O, U>]: KStream<K, V> } {
    this.#add(name, toCallOperator(name, options, this.#use), options);
    return ports(this.#draft, name, outcomeOutputs(options)) as {
      readonly [P in OutcomeName<O, U>]: KStream<K, V>;
    };
  }

  /** Groups by the key that records have. */
  groupByKey(): KGrouped<K, V> {
    return new KGrouped<K, V>(this.#draft, this, { by: 'key' });
  }

  /** Groups by another key and, if need be, another value. */
  groupBy<K2 = unknown, W = V>(
    key: Expression,
    value?: ValueSpec<RecordFn<K, V, W>>,
  ): KGrouped<K2, W> {
    return new KGrouped<K2, W>(this.#draft, this, make.groupBy(key, value, this.#use));
  }

  /** Looks each record up in a table; a record without a row is dropped (and counted). */
  join<R, W = unknown>(
    name: string,
    table: KTable<K, R> | GlobalKTable<unknown, R>,
    value: JoinSpec<K, V, R, W>,
    options: JoinOptions = {},
  ): KStream<K, W> {
    const operator = make.joinOperator('inner', table.ref, value, this.#use, options.on);
    return this.#then(name, operator, options);
  }

  /** Looks each record up in a table; `right` is null where there is no row. */
  leftJoin<R, W = unknown>(
    name: string,
    table: KTable<K, R> | GlobalKTable<unknown, R>,
    value: JoinSpec<K, V, R | null, W>,
    options: JoinOptions = {},
  ): KStream<K, W> {
    const operator = make.joinOperator('left', table.ref, value, this.#use, options.on);
    return this.#then(name, operator, options);
  }

  /** Makes a table: the newest value of each key. */
  toTable(name: string, options: StoredOptions = {}): KTable<K, V> {
    this.#add(name, present({ kind: 'to-table', store: options.store }), options);
    return new KTable<K, V>(this.#draft, name);
  }

  /** Writes the records: of this stage, or (with a name first) of a stage of its own. */
  to(name: string, ...sinks: readonly SinkSpec<RecordFn<K, V, unknown>>[]): this;
  to(...sinks: readonly SinkSpec<RecordFn<K, V, unknown>>[]): this;
  to(first: string | SinkSpec, ...more: readonly SinkSpec[]): this {
    const named = typeof first === 'string';
    const stage = named ? first : this.#stage;
    if (stage === undefined) {
      throw new ConfigError(
        'BUILDER_TO',
        `"${this.ref}" is not the only output of a stage: name one for it, .to('name', …)`,
      );
    }
    if (named) this.pass(stage);
    const sinks = named ? more : [first, ...more];
    this.#draft.addSinks(
      stage,
      sinks.map((sink) => toSinkDef(sink, this.#use)),
    );
    return this;
  }
}

/** A table: the newest row of each key. Methods add stages and give their results. */
export class KTable<K = unknown, V = unknown> {
  /** How other stages refer to it. */
  readonly ref: string;
  readonly #draft: Draft;
  readonly #use: Register;

  constructor(draft: Draft, ref: string) {
    this.ref = ref;
    this.#draft = draft;
    this.#use = draft.register;
  }

  #add<W>(name: string, operator: OperatorDef, options: StageOptions): KTable<K, W> {
    this.#draft.addStage(name, { inputs: [toInput('in', [this])], operator }, options);
    return new KTable<K, W>(this.#draft, name);
  }

  /** Keeps the rows for which the condition is true. */
  filter(
    name: string,
    when: FnSpec<RowFn<K, V, boolean>>,
    options: StoredOptions = {},
  ): KTable<K, V> {
    return this.#add(name, make.filterOperator('filter', when, this.#use, options.store), options);
  }

  /** Keeps the rows for which the condition is false. */
  filterNot(
    name: string,
    when: FnSpec<RowFn<K, V, boolean>>,
    options: StoredOptions = {},
  ): KTable<K, V> {
    return this.#add(
      name,
      make.filterOperator('filter-not', when, this.#use, options.store),
      options,
    );
  }

  /** Makes a new value of each row. */
  mapValues<W = unknown>(
    name: string,
    value: ValueSpec<RowFn<K, V, W>>,
    options: StoredOptions = {},
  ): KTable<K, W> {
    return this.#add(name, make.mapValuesOperator(value, this.#use, options.store), options);
  }

  /** Groups rows by another key and, if need be, another value. */
  groupBy<K2 = unknown, W = V>(
    key: Expression,
    value?: ValueSpec<RowFn<K, V, W>>,
  ): KGrouped<K2, W> {
    return new KGrouped<K2, W>(this.#draft, this, make.groupBy(key, value, this.#use));
  }

  /** A stream of the changes: one record for each, null for a deletion. */
  toStream<K2 = K>(
    name: string,
    options: StageOptions & { readonly key?: Expression } = {},
  ): KStream<K2, V> {
    this.#add(name, make.toStreamOperator(options.key), options);
    return new KStream<K2, V>(this.#draft, { ref: name }, name);
  }
}

/** Records or rows by group. Over a table `subtract` takes an old row out again. */
export class KGrouped<K = unknown, V = unknown> {
  readonly #draft: Draft;
  readonly #use: Register;
  readonly #feed: Feed;
  readonly #group: Grouping;

  constructor(draft: Draft, feed: Feed, group: Grouping) {
    this.#draft = draft;
    this.#use = draft.register;
    this.#feed = feed;
    this.#group = group;
  }

  #add<W>(name: string, operator: OperatorDef, options: StageOptions): KTable<K, W> {
    this.#draft.addStage(name, { inputs: [toInput('in', [this.#feed])], operator }, options);
    return new KTable<K, W>(this.#draft, name);
  }

  /** Counts the records of each group. */
  count(name: string, options: StoredOptions = {}): KTable<K, number> {
    return this.#add(
      name,
      present({ kind: 'count', group: this.#group, store: options.store }),
      options,
    );
  }

  /** Combines the values of each group into one of the same type; the first is taken as it is. */
  reduce(name: string, how: ReduceSpec<K, V>, options: StoredOptions = {}): KTable<K, V> {
    const operator = make.reduceOperator(this.#group, how, this.#use, options.store);
    return this.#add(name, operator, options);
  }

  /** Combines the values of each group into a result of Avro type `as`. */
  aggregate<A = unknown>(
    name: string,
    how: AggregateSpec<K, V, A>,
    options: StoredOptions = {},
  ): KTable<K, A> {
    const operator = make.aggregateOperator(this.#group, how, this.#use, options.store);
    return this.#add(name, operator, options);
  }
}
