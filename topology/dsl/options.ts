import { ConfigError } from '../core/errors.ts';
import type { Duration } from '../core/duration.ts';
import { parseDuration } from '../core/duration.ts';
import type { SubjectStrategy } from '../core/subject.ts';
import type {
  CallDef,
  ErrorPolicyDef,
  Format,
  OutputDef,
  ParkByKey,
  PunctuateDef,
  StoreDef,
  TableDef,
  TopicDef,
} from '../definition/definition.ts';
import { defaultParking, mostParked } from '../definition/nodes/errors.ts';
import { type ServiceOptions, toEffect } from './call.ts';
import type { Expression } from './expr.ts';
import { expressionText, present } from './use.ts';

/** Options of a stream: what a topology file says under `streams:`. */
export interface StreamOptions {
  /** One topic, or several that are read as one. */
  readonly topic: string | readonly string[];
  /** Avro type of the key. */
  readonly key: string;
  /** Avro type of the value. */
  readonly value: string;
  /** Expression of the record time. @defaultValue the time stamp that the log has */
  readonly time?: Expression;
  /** Unit of `time`, where that is a plain long. */
  readonly timeUnit?: 'ms' | 's' | 'us';
  /** @defaultValue 'avro' */
  readonly format?: Format;
  /** Subject of the value's schema in the registry. @defaultValue 'topic' */
  readonly subject?: SubjectStrategy;
  /** Subject of the key's schema, where the key is no primitive. @defaultValue 'topic' */
  readonly keySubject?: SubjectStrategy;
  /** @defaultValue as many as the topic has */
  readonly partitions?: number;
  /** A duration, or 'forever'. @defaultValue 'forever' */
  readonly retention?: Duration;
  /** @defaultValue 'delete' */
  readonly cleanup?: 'delete' | 'compact';
  /** @defaultValue 'earliest' */
  readonly offsetReset?: 'earliest' | 'latest' | 'none';
  /** Expression for the partition. @defaultValue the key's */
  readonly partitionBy?: Expression;
  readonly doc?: string;
  readonly owner?: string;
}

/** Options of a table. */
export interface TableOptions extends StreamOptions {
  /** Name of its store. @defaultValue the name of the table */
  readonly store?: string;
}

/** Options of a store that `process` stages use. */
export interface StoreOptions {
  readonly key: string;
  readonly value: string;
  /** Stream time after which a row expires; or 'none', which wants a `why`. */
  readonly ttl: Duration;
  readonly why?: string;
  readonly doc?: string;
}

/** What becomes of a record that fails. */
export type ErrorPolicy =
  | {
      readonly deadLetter: string;
      /**
       * Stop when more than `share` (0…1) of at least `records` records within `per` failed.
       * @defaultValue never
       */
      readonly haltAbove?: {
        readonly share: number;
        readonly records: number;
        readonly per: Duration;
      };
      /**
       * Later records of the key of one that fails wait behind it: `most` of them in a task.
       * @defaultValue they go on
       */
      readonly parkByKey?: {
        /** @defaultValue 10,000 */
        readonly most?: number;
        /**
         * What a task does that holds so many: take no further records, or stop the application.
         * @defaultValue 'wait'
         */
        readonly whenFull?: 'wait' | 'stop';
      };
    }
  | { readonly fail: true; readonly haltAbove?: never; readonly parkByKey?: never };

/** What every operator takes beside its own options. */
export interface StageOptions {
  readonly doc?: string;
  /** Outputs that nothing consumes, on purpose; the only output of most operators is `out`. */
  readonly drop?: readonly string[];
  /** @defaultValue the default of the application */
  readonly errors?: ErrorPolicy;
}

declare const outputTypes: unique symbol;

/**
 * An output of a `process` stage. Key and value types of TypeScript are known to the compiler
 * alone.
 */
export interface OutputSpec<K = unknown, V = unknown> {
  readonly key: string;
  readonly value: string;
  readonly [outputTypes]?: readonly [K, V];
}

/**
 * An output with TypeScript types beside the Avro types: `output<string, Held>('string',
 * 'shop.Held')`.
 */
export function output<K, V>(key: string, value: string): OutputSpec<K, V> {
  return { key, value };
}

/** A tick that a `process` stage gets as an input of its own. */
export interface PunctuateOptions {
  readonly every: Duration;
  readonly by: 'stream-time' | 'wall-clock';
}

function text(expression: Expression | undefined): string | undefined {
  return expression === undefined ? undefined : expressionText(expression);
}

function msOr<W extends string>(duration: Duration, word: W, what: string): number | W {
  return duration === word ? word : parseDuration(duration, what);
}

/** The definition of a stream. */
export function toTopicDef(name: string, options: StreamOptions): TopicDef {
  const { topic, retention, ...rest } = options;
  return present<TopicDef>({
    ...rest,
    topics: typeof topic === 'string' ? [topic] : [...topic],
    time: text(options.time),
    partitionBy: text(options.partitionBy),
    retention:
      retention === undefined ? undefined : msOr(retention, 'forever', `retention of "${name}"`),
  });
}

/** The definition of a table; `global` is absent where the table is not. */
export function toTableDef(name: string, options: TableOptions, global: boolean): TableDef {
  const { store, ...topic } = options;
  return present<TableDef>({
    ...toTopicDef(name, topic),
    store,
    global: global ? true : undefined,
  });
}

/** The definition of a store. */
export function toStoreDef(name: string, options: StoreOptions): StoreDef {
  return present<StoreDef>({ ...options, ttl: msOr(options.ttl, 'none', `ttl of "${name}"`) });
}

/** The definition of an external service. */
export function toCallDef(name: string, { effect, ...options }: ServiceOptions): CallDef {
  return present<CallDef>({
    ...options,
    effect: effect === undefined ? undefined : toEffect(name, effect),
  });
}

function toParkByKey(deadLetter: string, options: Partial<ParkByKey>): ParkByKey {
  const parkByKey = { ...defaultParking, ...options };
  const { most } = parkByKey;
  if (Number.isInteger(most) && most >= 1 && most <= mostParked) return parkByKey;
  throw new ConfigError(
    'BUILDER_PARK_BY_KEY',
    `parkByKey of "${deadLetter}" holds ${most} records at most: ` +
      `say a whole number from 1 to ${mostParked}`,
  );
}

/** The definition of an error policy. */
export function toErrorPolicy(policy: ErrorPolicy): ErrorPolicyDef {
  if ('fail' in policy) return { fail: true };
  const { deadLetter, parkByKey, haltAbove } = policy;
  return present<ErrorPolicyDef>({
    deadLetter,
    parkByKey: parkByKey && toParkByKey(deadLetter, parkByKey),
    haltAbove: haltAbove && {
      share: haltAbove.share,
      records: haltAbove.records,
      perMs: parseDuration(haltAbove.per, `haltAbove of "${deadLetter}"`),
    },
  });
}

/** The definition of the outputs of a `process` stage. */
export function toOutputs(outputs: Readonly<Record<string, OutputSpec>>): readonly OutputDef[] {
  return Object.entries(outputs).map(([name, { key, value }]) => ({ name, key, value }));
}

/** The definition of punctuations. */
export function toPunctuate(
  ticks: Readonly<Record<string, PunctuateOptions>>,
): Readonly<Record<string, PunctuateDef>> {
  return Object.fromEntries(
    Object.entries(ticks).map(([name, { every, by }]) => [
      name,
      { everyMs: parseDuration(every, `punctuation "${name}"`), by },
    ]),
  );
}
