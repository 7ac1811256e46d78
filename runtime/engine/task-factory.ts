import type { Serde } from '../../schemas/serde.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { controlTopic, taskId } from '../../topology/core/names.ts';
import { partitionId, type TopicPartition } from '../../topology/core/topic-partition.ts';
import type { ErrorPolicyDef } from '../../topology/definition/definition.ts';
import type { Plan, StorePlan } from '../../topology/plan/plan.ts';
import { type IntentCodec, type JournaledIntent } from '../calls/intent-codec.ts';
import type { Log, Position, StateBackend } from '../ports.ts';
import { TaskStore } from '../state/task-store.ts';
import type { StoreCache } from '../state/working-set.ts';
import { Attempt, type RecordFailure } from '../task/attempt.ts';
import { BatchRunner } from '../task/batch-runner.ts';
import { CallJournals, journalStore } from '../task/call-journals.ts';
import type { CompiledSubTopology } from '../task/compiled.ts';
import { DeadLetters } from '../task/dead-letters.ts';
import { BuilderPool, OutputBuffer } from '../task/output-buffer.ts';
import { PartitionQueue } from '../task/partition-queue.ts';
import {
  addRefused,
  isRefusedRow,
  type RefusedByTopic,
  RefusedRows,
} from '../task/refused-rows.ts';
import { Task } from '../task/task.ts';
import { decodeControl, type TaskControl } from '../task/task-control.ts';
import { type OwnedStore, TaskStores } from '../task/task-stores.ts';
import { TaskTimes } from '../task/task-times.ts';
import type { TopologyCompiler } from './compile-topology.ts';
import type { CompiledEngineOptions } from './engine-options.ts';
import type { GlobalTables } from './global-tables.ts';
import { positionBelowStart } from './position-errors.ts';
import { seededRandom } from './random.ts';
import { readTo, restoreStore } from './restore.ts';
import type { Serdes } from './serdes.ts';
import { SourceRows } from './source-rows.ts';

export interface TaskFactoryOptions {
  readonly plan: Plan;
  readonly log: Log;
  readonly state: StateBackend;
  readonly clock: Clock;
  readonly options: CompiledEngineOptions;
  readonly compiler: TopologyCompiler;
  readonly serdes: Serdes;
  readonly globals: GlobalTables;
  readonly storeCache: StoreCache;
  readonly partitionsOf: (topic: string) => number;
  readonly report: (message: string) => void;
  readonly trace?: string;
  readonly wake: () => void;
  readonly recordFailed: (failure: RecordFailure) => void;
}

/** What the control topic says of a task. */
interface Known {
  readonly control: TaskControl | undefined;
  readonly refused: RefusedByTopic;
}

/** Makes the tasks of an assignment: positions, control records, restored stores, journals. */
export class TaskFactory {
  private readonly options: TaskFactoryOptions;
  private readonly pool = new BuilderPool();
  private readonly journals = new Map<Task, CallJournals>();

  private readonly logChanged: boolean;

  constructor(options: TaskFactoryOptions) {
    this.options = options;
    const known = options.state.incarnation();
    this.logChanged = known !== undefined && known !== options.log.incarnation;
  }

  /**
   * @throws {ConfigError} POSITION_NONE, POSITION_BELOW_START when an input cannot be read from where it should
   */
  async create(
    topologies: readonly CompiledSubTopology[],
    assigned: readonly TopicPartition[],
  ): Promise<readonly Task[]> {
    const owned = new Set(assigned.map(({ topic, partition }) => partitionId(topic, partition)));
    const tasks: Task[] = [];
    for (const topology of topologies) {
      for (let partition = 0; partition < topology.partitions; partition++) {
        const inputs = this.inputsOf(topology, partition);
        if (inputs.length === 0) continue;
        if (!inputs.every((it) => owned.has(partitionId(it.topic, it.partition)))) continue;
        tasks.push(await this.createTask(topology, partition, inputs));
      }
    }
    return tasks;
  }

  /** Intents that a task's journal holds, in order of issue. */
  journaled(task: Task, stage: string): Iterable<readonly [number, JournaledIntent]> {
    const journals = this.journals.get(task);
    if (journals === undefined) return [];
    const attempt = new Attempt(new OutputBuffer(this.pool));
    return [...journals.list(task.stores.handle(journalStore(stage), attempt), stage)];
  }

  private inputsOf(topology: CompiledSubTopology, partition: number): TopicPartition[] {
    const topics = new Set(topology.sources.flatMap((source) => [...source.node.topics]));
    return [...topics]
      .filter((topic) => partition < this.options.partitionsOf(topic))
      .map((topic) => ({ topic, partition }));
  }

  private async createTask(
    topology: CompiledSubTopology,
    partition: number,
    inputs: readonly TopicPartition[],
  ): Promise<Task> {
    const { plan, clock, options, globals } = this.options;
    const id = taskId(topology.id, partition);
    const positions = await this.positions(topology, inputs);
    const times = new TaskTimes();
    const { control, refused } = await this.control(id, partition);
    if (control !== undefined) times.restore(control.times);
    const owned = await this.stores(topology, partition, { positions, times, refused });
    const stores = new TaskStores(owned, globals.stores, partition);
    const queues = positions.map(({ topic, offset }) => {
      const source = topology.sources.find((it) => it.node.topics.includes(topic));
      return new PartitionQueue(
        topic,
        partition,
        offset,
        (source as NonNullable<typeof source>).decode,
      );
    });
    const journals = new CallJournals(await this.codecs(topology));
    const controls = controlTopic(plan.application);
    const controlPartition = partition % this.options.partitionsOf(controls);
    const runner = new BatchRunner({
      topology,
      taskId: id,
      times,
      stores,
      journals,
      clock,
      pool: this.pool,
      budgetMs: options.stageBudgetMs,
      maxFutureMs: options.maxFutureMs,
      trace: this.options.trace,
      raw: (topic, offset) => queues.find((queue) => queue.topic === topic)?.raw(offset),
      deadLetters: this.deadLetters(id, partition),
      refusedRows: new RefusedRows({
        taskId: id,
        controlTopic: controls,
        controlPartition,
        stores: owned.flatMap(({ sourceTopic: topic, store, keySerde, valueSerde }) =>
          topic === undefined ? [] : [{ topic, store, keySerde, valueSerde }],
        ),
      }),
    });
    const task = new Task(
      {
        id,
        partition,
        topology,
        queues,
        times,
        stores,
        runner,
        control,
        pool: this.pool,
        controlTopic: controls,
        controlPartition,
        maxTaskIdleMs: options.maxTaskIdleMs,
        batchRecords: this.batchRecords(),
        recordFailed: this.options.recordFailed,
        wake: this.options.wake,
      },
      clock.now(),
    );
    this.journals.set(task, journals);
    return task;
  }

  /** Where each input is read from: the committed position, else what `offset-reset` says. */
  private async positions(
    topology: CompiledSubTopology,
    inputs: readonly TopicPartition[],
  ): Promise<Position[]> {
    const { log, plan } = this.options;
    const committed = await log.committed(plan.application, inputs);
    const ends = await log.ends(inputs, 'committed');
    return inputs.map(({ topic, partition }) => {
      const known = committed.find((it) => it.topic === topic && it.partition === partition);
      const bounds = ends.find((it) => it.topic === topic && it.partition === partition);
      const { start, end } = bounds as NonNullable<typeof bounds>;
      if (known !== undefined) {
        if (known.offset < start) throw positionBelowStart(known, start);
        return known;
      }
      const reset = topology.sources.find((it) => it.node.topics.includes(topic))?.node.offsetReset;
      if (reset === 'none') throw noPosition(plan.application, topic, partition);
      return { topic, partition, offset: reset === 'latest' ? end : start };
    });
  }

  /** The task's last control record (E5), and what is known of records that its tables refused. */
  private async control(id: string, partition: number): Promise<Known> {
    const { log, plan, partitionsOf } = this.options;
    const topic = controlTopic(plan.application);
    const at = { topic, partition: partition % partitionsOf(topic) };
    const [ends] = await log.ends([at], 'uncommitted');
    let control: TaskControl | undefined;
    const refused: RefusedByTopic = new Map();
    await readTo(log, { ...at, offset: ends?.start ?? 0 }, ends?.end ?? 0, async (records) => {
      for (const { key, value } of records) {
        if (key === null || value === null) continue;
        if (isRefusedRow(key)) addRefused(refused, id, key, value);
        else if (key.toString() === id) control = decodeControl(value);
      }
    });
    return { control, refused };
  }

  private async stores(
    topology: CompiledSubTopology,
    partition: number,
    task: Pick<Known, 'refused'> & {
      readonly positions: readonly Position[];
      readonly times: TaskTimes;
    },
  ): Promise<OwnedStore[]> {
    const { log, state, report, serdes, storeCache } = this.options;
    const stores: OwnedStore[] = [];
    for (const plan of topology.stores) {
      const keySerde = await serdes.key(plan.changelog, plan.key, 'write');
      const valueSerde = await serdes.storeValue(plan.changelog, plan.value);
      const input = plan.sourceBacked
        ? task.positions.find(({ topic }) => topic === plan.changelog)
        : undefined;
      await restoreStore({
        log,
        state,
        report,
        store: { name: plan.name, partition, ttl: plan.ttl },
        changelog: plan.changelog,
        target: input?.offset,
        logChanged: this.logChanged,
        ...(plan.sourceBacked
          ? this.sourceRows(topology, plan, task.refused, { keySerde, valueSerde })
          : {}),
      });
      const store = new TaskStore({
        plan,
        partition,
        keySerde,
        valueSerde,
        backend: state,
        cache: storeCache,
        time: task.times,
      });
      const sourceTopic = plan.sourceBacked ? plan.changelog : undefined;
      stores.push({ plan, store, keySerde, valueSerde, sourceTopic });
    }
    return stores;
  }

  private sourceRows(
    topology: CompiledSubTopology,
    plan: StorePlan,
    refused: RefusedByTopic,
    serdes: { keySerde: Serde; valueSerde: Serde },
  ): Pick<Parameters<typeof restoreStore>[0], 'toRows'> {
    const source = topology.sources.find((it) => it.node.store === plan.name);
    if (source === undefined) return {};
    const { cache } = this.options.serdes;
    const topic = plan.changelog;
    const rows = new SourceRows(source.decode, topic, refused.get(topic) ?? new Map(), {
      ...serdes,
      cache,
    });
    return { toRows: (records) => rows.rows(records) };
  }

  private async codecs(topology: CompiledSubTopology): Promise<ReadonlyMap<string, IntentCodec>> {
    const codecs = new Map<string, IntentCodec>();
    for (const node of topology.calls) {
      codecs.set(node.name, await this.options.compiler.intentCodec(node));
    }
    return codecs;
  }

  private deadLetters(id: string, partition: number): DeadLetters {
    const { plan, partitionsOf } = this.options;
    const byStage = new Map<string, ErrorPolicyDef>();
    for (const node of plan.subTopologies.flatMap((it) => it.nodes)) {
      if (node.kind === 'stage' && node.errors !== undefined) byStage.set(node.name, node.errors);
    }
    return new DeadLetters({
      taskId: id,
      partition,
      partitions: partitionsOf,
      policy: (stage) => byStage.get(stage) ?? plan.errors,
    });
  }

  private batchRecords(): () => number {
    const { batchRecords: most, randomCutsSeed } = this.options.options;
    if (randomCutsSeed === undefined) return () => most;
    const random = seededRandom(randomCutsSeed);
    return () => 1 + Math.floor(random() * most);
  }
}

function noPosition(application: string, topic: string, partition: number): ConfigError {
  return new ConfigError(
    'POSITION_NONE',
    `application "${application}" has no committed position on ${partitionId(topic, partition)} and its offset-reset is "none": write earliest or latest to begin there`,
  );
}
