import { type CallHandler, type CallLookup, lookupName } from '../../processors/call-handler.ts';
import { canonicalText } from '../../processors/canonical.ts';
import type { AvroSchemas } from '../../schemas/index.ts';
import type { SchemaCatalog } from '../../topology/core/avro.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { camelCase } from '../../topology/core/names.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { CrashPoint } from '../engine/committer.ts';
import { Engine } from '../engine/engine.ts';
import type { EngineParts } from '../engine/engine-parts.ts';
import type { CompiledEngineOptions } from '../engine/engine-options.ts';
import { TopologyCompiler } from '../engine/compile-topology.ts';
import { GlobalTables } from '../engine/global-tables.ts';
import { seededRandom } from '../../topology/core/random.ts';
import { SchemaCache, strategiesOf } from '../engine/schema-cache.ts';
import { Serdes } from '../engine/serdes.ts';
import { TaskFactory } from '../engine/task-factory.ts';
import type { Log, SchemaRegistry, StateBackend } from '../ports.ts';
import { LocalQueries } from '../queries/local-queries.ts';
import { StoreCache } from '../state/working-set.ts';
import { Scratch } from '../codec/scratch.ts';
import { ensureTopics } from './ensure-topics.ts';
import type { PlaceOfTopic } from './topic-problems.ts';

export interface Assembly {
  readonly plan: Plan;
  readonly catalog: SchemaCatalog & AvroSchemas;
  /** Kebab-case name → what the processors folder (or the builder) exports under it. */
  readonly functions: ReadonlyMap<string, unknown>;
  readonly log: Log;
  readonly state: StateBackend;
  readonly registry: SchemaRegistry;
  readonly clock: Clock;
  readonly options: CompiledEngineOptions;
  /** Stable identity of this member. */
  readonly slot: string;
  /** Seeds the jitter of calls. */
  readonly seed: number;
  /** What a group of several members is told beside the tasks. @defaultValue nothing */
  readonly group?: EngineParts['group'];
  /** Told of what a person should know: a store that is rebuilt, a long restore. */
  readonly report: (message: string) => void;
  readonly probe?: (point: CrashPoint) => void;
  /** Topic for topic, partition and offset of each record that a task takes (tests). */
  readonly trace?: string;
  /** Where the topology file speaks of a topic, for messages. */
  readonly placeOf?: PlaceOfTopic;
  /** Stores of the plan that ran last. @defaultValue no plan is known to have run */
  readonly ran?: ReadonlySet<string>;
}

/** What an assembled application offers beside its engine. */
export interface Assembled {
  readonly engine: Engine;
  readonly serdes: Serdes;
  readonly globals: GlobalTables;
  /** Looks at stores from outside. */
  readonly queries: LocalQueries;
  /** Topic → partition count. */
  readonly partitions: ReadonlyMap<string, number>;
}

/**
 * Puts an engine together from a plan and ports: topics are created or verified, schemas registered, stages compiled. The same for production and the test
 * driver (design.md, principle 7).
 * @throws {ConfigError} when topics or processors do not fit
 */
export async function assemble(assembly: Assembly): Promise<Assembled> {
  const { plan, catalog, functions, log, state, clock, options } = assembly;
  refuseMissingLookups(plan, functions);
  const { placeOf, ran } = assembly;
  const partitions = await ensureTopics(plan, log, {
    ...(placeOf === undefined ? {} : { placeOf }),
    ...(ran === undefined ? {} : { ran }),
  });
  const cache = new SchemaCache(assembly.registry, clock, strategiesOf(plan));
  const serdes = new Serdes(catalog, cache, (topic) => plan.topics.get(topic)?.internal === false);
  const partitionsOf = (topic: string): number => partitions.get(topic) ?? 1;
  const compiler = new TopologyCompiler({
    plan,
    catalog,
    functions: (name) => functions.get(name),
    serdes,
    partitions: partitionsOf,
    scratch: new Scratch(),
  });
  const storeCache = new StoreCache(options.storeCacheBytes);
  const globals = new GlobalTables({
    plan,
    log,
    clock,
    state,
    compiler,
    serdes,
    storeCache,
    partitionsOf,
    report: assembly.report,
  });
  const topologies = [];
  for (const topology of plan.subTopologies) topologies.push(await compiler.compile(topology));
  const random = seededRandom(assembly.seed);
  const engine = new Engine({
    plan,
    topologies,
    log,
    state,
    clock,
    options,
    cache,
    globals,
    random,
    slot: assembly.slot,
    partitionsOf,
    report: assembly.report,
    ...(assembly.group === undefined ? {} : { group: assembly.group }),
    handler: (call) => handlerOf(call, functions),
    lookup: (call) => functions.get(lookupName(call)) as CallLookup | undefined,
    isReply: (call) => {
      const type = plan.calls.get(call);
      if (type === undefined) return () => false;
      const codec = catalog.codec(type.reply);
      return (reply) => codec.isValid(reply);
    },
    laneKey: canonicalText,
    factory: (callbacks) =>
      new TaskFactory({
        ...assembly,
        ...callbacks,
        compiler,
        serdes,
        globals,
        storeCache,
        partitionsOf,
      }),
    ...(assembly.probe === undefined ? {} : { probe: assembly.probe }),
  });
  const queries = new LocalQueries({ plan, engine, serdes, state, clock, partitionsOf });
  return { engine, serdes, partitions, globals, queries };
}

function handlerOf(call: string, functions: ReadonlyMap<string, unknown>): CallHandler {
  const handler = functions.get(call);
  if (typeof handler === 'function') return handler as CallHandler;
  throw new ConfigError(
    'CALL_HANDLER',
    `call "${call}" has no handler: export it from a file of the processors folder`,
  );
}

function refuseMissingLookups(plan: Plan, functions: ReadonlyMap<string, unknown>): void {
  for (const { name, effect } of plan.calls.values()) {
    const lookup = lookupName(name);
    if (effect.kind !== 'lookup' || typeof functions.get(lookup) === 'function') continue;
    throw new ConfigError(
      'CALL_LOOKUP',
      `call "${name}" says "effect: lookup", but there is no look-up: export the function "${camelCase(lookup)}" from ${name}.ts`,
    );
  }
}
