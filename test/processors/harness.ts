import { compileStage } from '../../processors/compile-stage.ts';
import type { StageEnvironment } from '../../processors/environment.ts';
import { newOutcomes, type Outcomes } from '../../processors/outcomes.ts';
import { planEnvironment } from '../../processors/plan-environment.ts';
import { Relay } from '../../processors/relay.ts';
import type { CallIntent, Stage, StageContext } from '../../processors/stage.ts';
import type { AvroRecord, AvroType, SchemaCatalog } from '../../topology/core/avro.ts';
import { StreamRecord } from '../../topology/core/record.ts';
import type {
  EdgeType,
  GlobalTable,
  Plan,
  PlanNode,
  PlanOperator,
  SourceNode,
  StageNode,
} from '../../topology/plan/plan.ts';
import { FakeStore } from './fake-store.ts';

export const text: AvroType = { kind: 'string' };
export const long: AvroType = { kind: 'long' };

export function streamOf(key: AvroType, value: AvroType): EdgeType {
  return { kind: 'stream', key, value };
}

export function tableOf(key: AvroType, value: AvroType): EdgeType {
  return { kind: 'table', key, value };
}

export function recordType(name: string, fields: Readonly<Record<string, AvroType>>): AvroRecord {
  return {
    kind: 'record',
    name,
    fields: Object.entries(fields).map(([field, type]) => ({
      name: field,
      type,
      hasDefault: false,
    })),
  };
}

/**
 * A stage node; what is not given is as the planner gives it for a node with one input and one
 * output.
 */
export function stageNode(
  operator: PlanOperator,
  input: EdgeType,
  output: EdgeType = input,
  more: Partial<StageNode> = {},
): StageNode {
  return {
    kind: 'stage',
    name: 'stage',
    stage: 'stage',
    operator,
    inputs: { in: [{ node: 'source', output: 'out' }] },
    inputTypes: { in: input },
    outputs: { out: output },
    stores: more.store === undefined ? [] : [more.store],
    sendOld: false,
    punctuate: {},
    ...more,
  };
}

export function sourceNode(
  name: string,
  type: EdgeType,
  more: Partial<SourceNode> = {},
): SourceNode {
  return {
    kind: 'source',
    name,
    topics: [name],
    type,
    format: 'avro',
    offsetReset: 'earliest',
    sendOld: false,
    changes: false,
    internal: false,
    ...more,
  };
}

export interface Surroundings {
  readonly functions?: Readonly<Record<string, unknown>>;
  readonly types?: readonly AvroRecord[];
  readonly nodes?: readonly PlanNode[];
  readonly globalTables?: readonly GlobalTable[];
  readonly calls?: Plan['calls'];
}

export function environmentOf(around: Surroundings = {}): StageEnvironment {
  const catalog: SchemaCatalog = {
    type: (name) => around.types?.find((type) => type.name === name),
    names: () => [],
    at: () => undefined,
  };
  const plan: Plan = {
    application: 'test',
    errors: { fail: true },
    subTopologies: [
      { id: 'sub', nodes: around.nodes ?? [], sourceTopics: [], stores: [], partitions: 1 },
    ],
    globalTables: around.globalTables ?? [],
    topics: new Map(),
    stores: new Map(),
    calls: around.calls ?? new Map(),
  };
  return planEnvironment(plan, catalog, (name) => around.functions?.[name]);
}

/** Stores, counters and times of a stage, kept over the batches that a test runs. */
export class Bench implements StageContext {
  readonly stage = 'stage';
  readonly taskId = 'sub_0';
  readonly wallClock = 5000;
  readonly outcomes: Outcomes = newOutcomes();
  readonly stores = new Map<string, FakeStore>();
  readonly deadLetters: (readonly [record: StreamRecord, reason: string])[] = [];
  readonly intents: CallIntent[] = [];
  streamTime = -1;
  operatorTime = -1;

  store<K = unknown, V = unknown>(name: string): FakeStore<K, V> {
    let store = this.stores.get(name);
    if (store === undefined) {
      store = new FakeStore(() => this.streamTime);
      this.stores.set(name, store);
    }
    return store as unknown as FakeStore<K, V>;
  }

  record<K, V>(fields: { key: K; value: V; time: number }): StreamRecord<K, V> {
    return new StreamRecord(fields.key, fields.value, fields.time);
  }

  deadLetter(record: StreamRecord, reason: string): void {
    this.outcomes.deadLettered++;
    this.deadLetters.push([record, reason]);
  }

  issue(intent: CallIntent): void {
    this.intents.push(intent);
  }

  /** The counters that are not 0. */
  counted(): Partial<Outcomes> {
    return Object.fromEntries(Object.entries(this.outcomes).filter(([, count]) => count !== 0));
  }

  /** Connects a stage for one batch; `ports` are those that it listens to. */
  connect(stage: Stage, ports: readonly string[] = ['in']): Connection {
    return new Connection(stage, ports, this);
  }

  /** Runs one batch of a stage with one input and gives what came out, as rows. */
  batch(stage: Stage, records: readonly StreamRecord[]): readonly Row[] {
    const connection = this.connect(stage);
    for (const record of records) connection.push(record);
    connection.complete();
    return connection.rows;
  }
}

/** Output, key, value, time and, where it is tracked, the old row. */
export type Row = readonly unknown[];

/** One attempt of a stage, and what came out of it. */
export class Connection {
  readonly inputs: Readonly<Record<string, Relay>>;
  readonly records: StreamRecord[] = [];
  readonly rows: Row[] = [];
  /** Outputs in the order in which they completed. */
  readonly completed: string[] = [];
  readonly errors: unknown[] = [];
  readonly outputs: readonly string[];
  readonly #releases: (() => void)[] = [];
  readonly #bench: Bench;

  constructor(stage: Stage, ports: readonly string[], bench: Bench) {
    this.#bench = bench;
    this.inputs = Object.fromEntries(ports.map((port) => [port, new Relay()]));
    const outputs = stage.connect(this.inputs, bench);
    this.outputs = Object.keys(outputs);
    for (const [name, output] of Object.entries(outputs)) {
      const subscription = output.subscribe({
        next: (record) => {
          this.records.push(record);
          const row = [name, record.key, record.value, record.time];
          this.rows.push(record.old === undefined ? row : [...row, record.old]);
        },
        error: (reason: unknown) => this.errors.push(reason),
        complete: () => this.completed.push(name),
      });
      this.#releases.push(() => subscription.unsubscribe());
    }
  }

  push(record: StreamRecord, port = 'in'): void {
    this.#bench.streamTime = Math.max(this.#bench.streamTime, record.time);
    this.inputs[port]?.next(record);
  }

  fail(reason: unknown, port = 'in'): void {
    this.inputs[port]?.error(reason);
  }

  complete(...ports: readonly string[]): void {
    for (const port of ports.length === 0 ? Object.keys(this.inputs) : ports) {
      this.inputs[port]?.complete();
    }
  }

  unsubscribe(): void {
    for (const release of this.#releases) release();
  }
}

/** A record of topic `t`, partition 0, whose offset is counted from 0 by the caller or absent. */
export function rec<K, V>(key: K, value: V, time = 0, offset = -1): StreamRecord<K, V> {
  return new StreamRecord(key, value, time, [], offset < 0 ? '' : 't', offset < 0 ? -1 : 0, offset);
}

/** A change of a table: `old` is null where there was no row. */
export function changed<K, V>(key: K, value: V, old: V | null, time = 0): StreamRecord<K, V> {
  return new StreamRecord(key, value, time, [], '', -1, -1, old);
}

export function compiled(
  operator: PlanOperator,
  input: EdgeType,
  output?: EdgeType,
  more?: Partial<StageNode>,
  around?: Surroundings,
): Stage {
  return compileStage(stageNode(operator, input, output, more), environmentOf(around));
}
