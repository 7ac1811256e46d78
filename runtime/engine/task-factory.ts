import type { Clock } from '../../topology/core/clock.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { controlTopic } from '../../topology/core/names.ts';
import { partitionId, type TopicPartition } from '../../topology/core/topic-partition.ts';
import type { ErrorPolicyDef } from '../../topology/definition/definition.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { CallLog } from '../calls/call-log.ts';
import { type IntentCodec, type JournaledIntent } from '../calls/intent-codec.ts';
import type { Report } from '../logger.ts';
import type { Log, Position, StateBackend } from '../ports.ts';
import { TaskStore } from '../state/task-store.ts';
import type { StoreCache } from '../state/working-set.ts';
import { Attempt, type RecordFailure } from '../task/attempt.ts';
import { BatchRunner } from '../task/batch-runner.ts';
import { CallJournals, journalStore } from '../task/call-journals.ts';
import type { CompiledSubTopology } from '../task/compiled.ts';
import { DeadLetters } from '../task/dead-letters.ts';
import { wireHalves } from './wire-halves.ts';
import { BuilderPool, OutputBuffer } from '../task/output-buffer.ts';
import { HeldRecords } from '../task/parking/held-records.ts';
import { PartitionQueue } from '../task/partition-queue.ts';
import { RefusedRows } from '../task/refused-rows.ts';
import { Task } from '../task/task.ts';
import type { TaskControl } from '../task/task-control.ts';
import { TaskStores } from '../task/task-stores.ts';
import { TaskTimes } from '../task/task-times.ts';
import { nextChunk } from './changelog-reader.ts';
import type { TopologyCompiler } from './compile-topology.ts';
import { ControlRecords } from './control-records.ts';
import type { CompiledEngineOptions } from './engine-options.ts';
import type { GlobalTables } from './global-tables.ts';
import { nextTurn } from './next-turn.ts';
import { keptPosition } from './kept-position.ts';
import { positionBelowStart, positionForgotten } from './position-errors.ts';
import { seededRandom } from '../../topology/core/random.ts';
import type { Serdes } from './serdes.ts';
import type { StoreCopy } from './store-copy.ts';
import type { RunnableUnit } from './task-units.ts';
import { type UnitStore, unitStores } from './unit-stores.ts';

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
  readonly report: Report;
  readonly trace?: string;
  readonly wake: () => void;
  readonly recordFailed: (failure: RecordFailure) => void;
}

/** Where an input is read from, and in which topic of that name; undefined: the log does not tell. */
export interface LocatedInput extends Position {
  readonly topicId: string | undefined;
}

/** Positions, control record and stores of a task, brought together by {@link TaskFactory.restore}. */
export interface Restoring {
  /** Ends it early: nothing is written to the disk any more. */
  readonly signal: AbortSignal;
  /** Told of the stores' copies when their targets are fixed. */
  readonly opened: (copies: readonly StoreCopy[]) => void;
}

/** Makes tasks: positions, control records, restored stores, journals. */
export class TaskFactory {
  private readonly options: TaskFactoryOptions;
  private readonly pool = new BuilderPool();
  private readonly journals = new WeakMap<Task, CallJournals>();

  constructor(options: TaskFactoryOptions) {
    this.options = options;
  }

  /** Intents that a task's journal holds, in order of issue. */
  journaled(task: Task, stage: string): Iterable<readonly [number, JournaledIntent]> {
    const journals = this.journals.get(task);
    if (journals === undefined) return [];
    const attempt = new Attempt(new OutputBuffer(this.pool));
    return [...journals.list(task.stores.handle(journalStore(stage), attempt), stage)];
  }

  /**
   * Where each input is read from: the committed position; where the group has forgotten it the one of the control record, which is said aloud; else what `offset-reset` says. May wait for a transaction that the owner before has left open.
   * @throws {ConfigError} POSITION_NONE, POSITION_BELOW_START when an input cannot be read from where it should
   */
  async locate(unit: RunnableUnit): Promise<readonly LocatedInput[]> {
    const { log, plan } = this.options;
    const { topology, inputs } = unit;
    const committed = await log.committed(plan.application, inputs);
    const ends = await log.ends(inputs, 'committed');
    const control = committed.length < inputs.length ? await this.lastControl(unit) : undefined;
    return inputs.map(({ topic, partition }) => {
      const known = committed.find((it) => it.topic === topic && it.partition === partition);
      const bounds = ends.find((it) => it.topic === topic && it.partition === partition);
      const { start, end, topicId } = bounds as NonNullable<typeof bounds>;
      const offset = known?.offset ?? keptPosition(control, { topic, topicId });
      if (offset !== undefined) {
        const at = { topic, partition, offset };
        if (offset < start) throw positionBelowStart(at, start);
        if (known === undefined) this.options.report(positionForgotten(plan.application, at));
        return { ...at, topicId };
      }
      const reset = topology.sources.find((it) => it.node.topics.includes(topic))?.node.offsetReset;
      if (reset === 'none') throw noPosition(plan.application, topic, partition);
      return { topic, partition, offset: reset === 'latest' ? end : start, topicId };
    });
  }

  /** The control record that belongs to positions which are known to be missing; undefined where it may be ahead of them. */
  private async lastControl(unit: RunnableUnit): Promise<TaskControl | undefined> {
    if (this.options.log.atomic === false) return undefined;
    const control = new ControlRecords(this.options.log, unit.id, this.controlOf(unit));
    await control.read(new AbortController().signal);
    return control.control;
  }

  /**
   * Reads control record and stores up to what is committed with these positions, and makes the task. Undefined: the signal aborted.
   * @throws {SerdeError} CONTROL_VERSION
   * @throws {TaskCorruptedError} RESTORE_STUCK
   */
  async restore(
    unit: RunnableUnit,
    positions: readonly LocatedInput[],
    { signal, opened }: Restoring,
  ): Promise<Task | undefined> {
    const { log } = this.options;
    const control = new ControlRecords(log, unit.id, this.controlOf(unit));
    await control.read(signal);
    const stores = await unitStores(this.options, unit, control.refused);
    for (const { plan, copy } of stores) {
      const input = plan.sourceBacked
        ? positions.find(({ topic }) => topic === plan.changelog)?.offset
        : undefined;
      await copy.open(input, signal);
    }
    if (signal.aborted) return undefined;
    opened(stores.map(({ copy }) => copy));
    for (const { copy } of stores) {
      while (copy.position < copy.target) {
        const { topic, partition, position: offset, target } = copy;
        const chunk = await nextChunk(log, { topic, partition, offset }, target, signal);
        if (chunk !== undefined) await copy.take(chunk, signal);
        await nextTurn();
        if (signal.aborted) return undefined;
      }
      await copy.reached(signal);
    }
    return signal.aborted ? undefined : this.make(unit, positions, control.control, stores);
  }

  /** The stores of a task for a standby of it, and what the control topic says of it. */
  async standby(
    unit: RunnableUnit,
  ): Promise<{ readonly stores: readonly UnitStore[]; readonly control: ControlRecords }> {
    const control = new ControlRecords(this.options.log, unit.id, this.controlOf(unit));
    return { control, stores: await unitStores(this.options, unit, control.refused) };
  }

  private controlOf({ partition }: RunnableUnit): TopicPartition {
    const topic = controlTopic(this.options.plan.application);
    return { topic, partition: partition % this.options.partitionsOf(topic) };
  }

  private async make(
    unit: RunnableUnit,
    positions: readonly LocatedInput[],
    control: TaskControl | undefined,
    restored: readonly UnitStore[],
  ): Promise<Task> {
    const { clock, options, globals, state, storeCache } = this.options;
    const { id, topology, partition } = unit;
    const times = new TaskTimes();
    if (control !== undefined) times.restore(control.times);
    const owned = restored.map(({ plan, keySerde, valueSerde }) => {
      const store = new TaskStore({
        plan,
        partition,
        keySerde,
        valueSerde,
        backend: state,
        cache: storeCache,
        time: times,
      });
      const sourceTopic = plan.sourceBacked ? plan.changelog : undefined;
      return { plan, store, keySerde, valueSerde, sourceTopic };
    });
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
    const queueOf = (topic: string): PartitionQueue | undefined =>
      queues.find((queue) => queue.topic === topic);
    const journals = new CallJournals(await this.codecs(topology));
    const { topic: controls, partition: controlPartition } = this.controlOf(unit);
    const runner = new BatchRunner({
      topology,
      taskId: id,
      times,
      stores,
      journals,
      callLog: new CallLog(this.options.plan.application, partition, this.options.partitionsOf),
      clock,
      pool: this.pool,
      budgetMs: options.stageBudgetMs,
      maxFutureMs: options.maxFutureMs,
      trace: this.options.trace,
      raw: (topic, offset) => queueOf(topic)?.raw(offset),
      rawKey: (topic, offset) => queueOf(topic)?.rawKey(offset),
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
        held: this.held(unit, stores),
        control,
        topicIds: idsOf(positions),
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

  private held({ id, topology }: RunnableUnit, stores: TaskStores): HeldRecords | undefined {
    const { parking, sources } = topology;
    const store = stores.owned(parking?.store ?? '');
    if (parking === undefined || store === undefined) return undefined;
    return new HeldRecords({
      taskId: id,
      parking,
      store,
      full: (message) =>
        this.options.report(message, { level: 'warn', code: 'PARKED_FULL', task: id }),
      decode: (topic) => sources.find(({ node }) => node.topics.includes(topic))?.decode,
    });
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
      application: plan.application,
      taskId: id,
      partition,
      partitions: partitionsOf,
      policy: (stage) => byStage.get(stage) ?? plan.errors,
      wire: (topic) => wireHalves(plan, topic),
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

function idsOf(inputs: readonly LocatedInput[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    inputs.flatMap(({ topic, topicId }) => (topicId === undefined ? [] : [[topic, topicId]])),
  );
}
