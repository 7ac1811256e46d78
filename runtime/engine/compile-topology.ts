import {
  compileStage,
  planEnvironment,
  type StageEnvironment,
  tableSource,
} from '../../processors/index.ts';
import { compileValue, scopeOf } from '../../processors/functions.ts';
import type { AvroSchemas } from '../../schemas/index.ts';
import type { AvroType, SchemaCatalog } from '../../topology/core/avro.ts';
import { ProcessingError } from '../../topology/core/errors.ts';
import type { Bindings } from '../../topology/expression/expression.ts';
import type {
  Plan,
  PlanNode,
  SinkNode,
  SourceNode,
  StageNode,
  StorePlan,
  SubTopology,
} from '../../topology/plan/plan.ts';
import type { IntentCodec } from '../calls/intent-codec.ts';
import { changeSerde } from '../task/change-serde.ts';
import {
  callsBelowTopics,
  type CompiledNode,
  type CompiledPunctuation,
  type CompiledSource,
  type CompiledSubTopology,
} from '../task/compiled.ts';
import type { Scratch } from '../codec/scratch.ts';
import { type SinkOptions, SinkWriter } from '../task/sink-writer.ts';
import { intentCodec } from './intent-codecs.ts';
import { recordDecoder } from './record-decoder.ts';
import type { Serdes } from './serdes.ts';

export interface CompileOptions {
  readonly plan: Plan;
  readonly catalog: SchemaCatalog & AvroSchemas;
  readonly functions: (name: string) => unknown;
  readonly serdes: Serdes;
  /** Partition count of a topic, as the log has it. */
  readonly partitions: (topic: string) => number;
  readonly scratch: Scratch;
}

/** Compiles every sub-topology of a plan: the last of the four forms (design.md 2). Registers the schemas of what it writes. */
export class TopologyCompiler {
  private readonly options: CompileOptions;
  private readonly environment: StageEnvironment;

  constructor(options: CompileOptions) {
    this.options = options;
    this.environment = planEnvironment(options.plan, options.catalog, options.functions);
  }

  /**
   * @throws {ConfigError} when a processor is missing
   * @throws when the registry cannot be reached
   */
  async compile(topology: SubTopology): Promise<CompiledSubTopology> {
    const nodes: CompiledNode[] = [];
    const punctuations: CompiledPunctuation[] = [];
    const calls: StageNode[] = [];
    for (const node of topology.nodes) {
      nodes.push(await this.node(node));
      if (node.kind !== 'stage') continue;
      for (const [name, { everyMs, by }] of Object.entries(node.punctuate)) {
        punctuations.push({ stage: node.name, name, everyMs, by });
      }
      if (node.operator.kind === 'call') calls.push(node);
    }
    const plans = (names: readonly string[]): readonly StorePlan[] =>
      names.flatMap((name) => this.options.plan.stores.get(name) ?? []);
    return {
      id: topology.id,
      partitions: topology.partitions,
      nodes,
      sources: nodes.filter((node) => node.kind === 'source'),
      punctuations,
      calls,
      stores: plans(topology.stores).filter((store) => !store.global),
      parking: topology.parking,
      readsGlobals: topology.nodes.some(
        (node) => node.kind === 'stage' && plans(node.stores).some((store) => store.global),
      ),
      callsBelow: callsBelowTopics(topology.nodes),
    };
  }

  /** A source with its decoder; also used for the sources of global tables. */
  async source(node: SourceNode): Promise<CompiledSource> {
    const { serdes } = this.options;
    const topic = node.topics[0] as string;
    const valueSerde = await serdes.value(topic, node.type.value, node.format, 'read');
    const decode = recordDecoder({
      keySerde: await serdes.key(topic, node.type.key, 'read'),
      valueSerde,
      cache: serdes.cache,
      ...(node.changes ? { changes: changeSerde(valueSerde) } : {}),
      ...(node.time === undefined ? {} : { time: this.time(node, node.time) }),
    });
    const isTable = node.type.kind === 'table' && !node.changes;
    return { kind: 'source', node, decode, stage: isTable ? tableSource(node) : undefined };
  }

  /** The codec of a call stage's journal. */
  intentCodec(node: StageNode): Promise<IntentCodec> {
    const { plan, serdes } = this.options;
    return intentCodec(plan, node, serdes, 'write');
  }

  private async node(node: PlanNode): Promise<CompiledNode> {
    switch (node.kind) {
      case 'source':
        return this.source(node);
      case 'stage':
        return { kind: 'stage', node, stage: compileStage(node, this.environment) };
      case 'sink':
        return { kind: 'sink', node, writer: await this.sink(node) };
    }
  }

  private async sink(node: SinkNode): Promise<SinkWriter> {
    const { serdes, partitions, scratch } = this.options;
    const environment = this.environment;
    const scope = scopeOf(environment, node.inputType);
    const sink = node.sink;
    const topics = node.topic === undefined ? Object.values(node.choices ?? {}) : [node.topic];
    // Every choice of a dynamic sink has the same types, so one id serves all; each topic's subject gets the schema.
    let valueSerde = await serdes.value(topics[0] as string, node.type.value, node.format, 'write');
    let keySerde = await serdes.key(topics[0] as string, node.type.key, 'write');
    for (const topic of topics.slice(1)) {
      valueSerde = await serdes.value(topic, node.type.value, node.format, 'write');
      keySerde = await serdes.key(topic, node.type.key, 'write');
    }
    const fixed = sink !== undefined && 'stream' in sink ? sink : undefined;
    const value =
      fixed?.value === undefined
        ? undefined
        : compileValue(fixed.value, {
            environment,
            scope,
            expected: node.type.value,
            args: 'record',
          });
    const key =
      fixed?.key === undefined
        ? undefined
        : environment.expression(fixed.key, scope, node.type.key).run;
    const options: SinkOptions = {
      topic: this.topicOf(node),
      partitions,
      keySerde,
      valueSerde,
      dropNullKeys: node.dropNullKeys,
      ...(key === undefined ? {} : { key }),
      ...(value === undefined ? {} : { value }),
      ...(node.changes ? { changes: changeSerde(valueSerde) } : {}),
      ...(node.partitionBy === undefined
        ? {}
        : {
            partitionBy: environment.expression(node.partitionBy, scopeOf(environment, node.type))
              .run,
          }),
    };
    return new SinkWriter(options, scratch);
  }

  private topicOf(node: SinkNode): (bindings: Bindings) => string {
    const { topic, sink } = node;
    if (topic !== undefined) return () => topic;
    if (sink === undefined || !('by' in sink)) throw new TypeError(`sink ${node.name}: no topic`);
    const choose = this.environment.expression(
      sink.by,
      scopeOf(this.environment, node.inputType),
    ).run;
    const choices = node.choices ?? {};
    return (bindings) => {
      const chosen = String(choose(bindings));
      const topic = choices[chosen];
      if (topic === undefined) throw notAChoice(node.stage, chosen, Object.keys(choices));
      return topic;
    };
  }

  private time(node: SourceNode, text: string): (bindings: Bindings) => unknown {
    const expression = this.environment.expression(text, scopeOf(this.environment, node.type));
    const factor = timeFactor(node.timeUnit, expression.type);
    if (factor === 1) return expression.run;
    return (bindings) => {
      const time = expression.run(bindings);
      return typeof time === 'number' ? time * factor : time;
    };
  }
}

/** What turns the value of a source's `time` into ms. */
function timeFactor(unit: SourceNode['timeUnit'], type: AvroType | undefined): number {
  if (unit === 's') return 1000;
  const micros = type?.kind === 'long' && type.logical === 'timestamp-micros';
  return unit === 'us' || (unit === undefined && micros) ? 0.001 : 1;
}

function notAChoice(stage: string, chosen: string, choices: readonly string[]): ProcessingError {
  return new ProcessingError(
    'SINK_CHOICE',
    `stage "${stage}" chose the stream "${chosen}", which is not among ${choices.join(', ')}`,
    { place: { stage } },
  );
}
