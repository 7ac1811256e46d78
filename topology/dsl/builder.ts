import type { Definition, ErrorPolicyDef } from '../definition/definition.ts';
import type { ServiceOptions } from './call.ts';
import { Draft } from './draft.ts';
import type { OutputStreams } from './handles.ts';
import { GlobalKTable } from './global-table.ts';
import { addProcess, KStream, KTable } from './handles.ts';
import type {
  ErrorPolicy,
  OutputSpec,
  StoreOptions,
  StreamOptions,
  TableOptions,
} from './options.ts';
import { toCallDef, toErrorPolicy, toStoreDef, toTableDef, toTopicDef } from './options.ts';
import type { StreamName } from './sinks.ts';
import type { ProcessOptions } from './specs.ts';
import { toInput } from './specs.ts';
import { present } from './use.ts';

/** Options of an application. */
export interface TopologyOptions {
  readonly doc?: string;
  /** Folder where functions without an implementation look, relative to the file. */
  readonly processors?: string;
  /** Folder of `.avsc` files, relative to the file. */
  readonly schemas?: string;
  /** Wherever a stage says nothing else. @defaultValue a failure stops the application */
  readonly errors?: ErrorPolicy;
}

/**
 * What a builder gives: the definition, equal to that of the same topology in a file, and the
 * functions given with {@link use}.
 */
export interface BuiltTopology {
  readonly definition: Definition;
  readonly functions: ReadonlyMap<string, unknown>;
}

/** A stream by its name: a source to read, and a sink to write to. */
export type Stream<K, V> = KStream<K, V> & StreamName;

/**
 * Builds a topology in TypeScript, with the names of Kafka Streams. The author names everything:
 * the first argument of each operator is the name of its stage.
 *
 * **Example**
 * ```ts
 * const t = new TopologyBuilder('orders');
 * const placed = t.stream<string, Order>('placed', {
 *   topic: 'orders.placed',
 *   key: 'string',
 *   value: 'shop.Order',
 * });
 * placed.groupBy<string>('value.customerId').count('orders-per-customer', { drop: ['out'] });
 * t.build().definition.application; // => 'orders'
 * ```
 */
export class TopologyBuilder {
  readonly #application: string;
  readonly #options: TopologyOptions;
  readonly #draft = new Draft();

  constructor(application: string, options: TopologyOptions = {}) {
    this.#application = application;
    this.#options = options;
  }

  /** Functions given with {@link use} so far: name → implementation. */
  get functions(): ReadonlyMap<string, unknown> {
    return this.#draft.functions;
  }

  /** A topic whose records are facts. */
  stream<K = unknown, V = unknown>(name: string, options: StreamOptions): Stream<K, V> {
    this.#draft.addStream(name, toTopicDef(name, options));
    return new KStream<K, V>(this.#draft, { ref: name });
  }

  /** A topic whose records are the newest state of their key. */
  table<K = unknown, V = unknown>(name: string, options: TableOptions): KTable<K, V> {
    this.#draft.addTable(name, toTableDef(name, options, false));
    return new KTable<K, V>(this.#draft, name);
  }

  /** A table of which every member has a full copy. */
  globalTable<K = unknown, V = unknown>(name: string, options: TableOptions): GlobalKTable<K, V> {
    this.#draft.addTable(name, toTableDef(name, options, true));
    return new GlobalKTable<K, V>(name);
  }

  /** State of `process` stages. Gives the name back. */
  store<const N extends string>(name: N, options: StoreOptions): N {
    this.#draft.addStore(name, toStoreDef(name, options));
    return name;
  }

  /** An external service, for `call` stages. Gives the name back. */
  service<const N extends string>(name: N, options: ServiceOptions): N {
    this.#draft.addCall(name, toCallDef(name, options));
    return name;
  }

  /**
   * A stream by reference: one that is made further down, `stage.output`, as where an outcome
   * compensates an earlier stage.
   */
  ref<K = unknown, V = unknown>(ref: string): KStream<K, V> {
    return new KStream<K, V>(this.#draft, { ref });
  }

  /** An RxJS stage with several inputs: name → a stream, or several that are merged. */
  process<O extends Readonly<Record<string, OutputSpec>>>(
    name: string,
    options: ProcessOptions<O> & {
      readonly in: Readonly<Record<string, AnyStream | readonly AnyStream[]>>;
    },
  ): OutputStreams<O> {
    const defs = Object.entries(options.in).map(([input, streams]) =>
      toInput(
        input,
        Array.isArray(streams) ? (streams as readonly AnyStream[]) : [streams as AnyStream],
      ),
    );
    return addProcess(this.#draft, name, defs, options);
  }

  /** The topology so far. */
  build(): BuiltTopology {
    const { errors, ...options } = this.#options;
    const policy: { readonly default?: ErrorPolicyDef } | undefined =
      errors === undefined ? undefined : { default: toErrorPolicy(errors) };
    const definition = present<Definition>({
      application: this.#application,
      ...options,
      ...this.#draft.parts(),
      errors: policy,
    });
    return { definition, functions: new Map(this.#draft.functions) };
  }
}

/** A stream of any types: what an input of a `process` stage takes. */
export type AnyStream = Pick<KStream, 'ref' | 'rekey'>;

/** Builds a topology by a function. */
export function topology(
  application: string,
  options: TopologyOptions,
  declare: (builder: TopologyBuilder) => void,
): BuiltTopology {
  const builder = new TopologyBuilder(application, options);
  declare(builder);
  return builder.build();
}
