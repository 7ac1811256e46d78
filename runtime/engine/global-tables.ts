import { IllegalStateError, SerdeError } from '../../topology/core/errors.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { StreamRecord } from '../../topology/core/record.ts';
import type { GlobalTable, Plan } from '../../topology/plan/plan.ts';
import type {
  FetchedPartition,
  Log,
  PartitionEnds,
  StateBackend,
  StateTable,
  StateWrites,
} from '../ports.ts';
import { wipeStore } from '../state/restore.ts';
import { TaskStore } from '../state/task-store.ts';
import type { StoreCache } from '../state/working-set.ts';
import { PartitionQueue } from '../task/partition-queue.ts';
import type { Report } from '../logger.ts';
import { awaitSchema, type SchemaWait } from './await-schema.ts';
import { nextChunk } from './changelog-reader.ts';
import type { TopologyCompiler } from './compile-topology.ts';
import type { Serdes } from './serdes.ts';
import { isOfAnother, missedDeletes } from './store-copy.ts';

const fetchLimits = { maxBytes: 4 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };
/** How long to wait for new rows before looking again, ms. */
const maxWaitMs = 1000;
/** How long rows wait for a moment between batches before no more batches begin, ms. */
const patienceMs = 1000;
/** The position of a partition whose table is to be wiped: none that a log has. */
const toBeWiped = -1;

export interface GlobalTablesOptions {
  readonly plan: Plan;
  readonly log: Log;
  readonly clock: Clock;
  readonly state: StateBackend;
  readonly compiler: TopologyCompiler;
  readonly serdes: Serdes;
  readonly storeCache: StoreCache;
  readonly partitionsOf: (topic: string) => number;
  /** Told of records that are left out: a global table has no dead letters (as in Kafka Streams). */
  readonly report: Report;
}

/** One partition of a global table: what the log has of it, and where it stands on disk. */
interface Stored {
  readonly ends: PartitionEnds;
  readonly disk: StateTable;
}

interface Loaded {
  readonly table: GlobalTable;
  readonly store: TaskStore;
  readonly queues: readonly PartitionQueue[];
}

/**
 * The global tables of a member: a full copy of all partitions each, in one store. Loaded to the end before any task starts; afterwards they advance only between
 * batches (invariant E7). They belong to no transaction: a crash replays the topic from the position on disk.
 *
 * Rows of all partitions stand in the store's partition 0; positions of the others in partitions of their own, without rows.
 */
export class GlobalTables {
  /** Store name → store. */
  readonly stores = new Map<string, TaskStore>();
  private readonly options: GlobalTablesOptions;
  /** The log may have lost records since: offsets may stand for others. */
  private readonly logChanged: boolean;
  private readonly loaded: Loaded[] = [];
  private arrived: { queue: PartitionQueue; fetched: FetchedPartition }[] = [];
  private arrivedMs: number | undefined;
  private waiting: AbortController | undefined;
  private applying = false;
  private fetching = false;
  private closed = false;
  private readonly ended = new AbortController();
  private wake: () => void = () => {};
  private fail: (error: unknown) => void = () => {};

  constructor(options: GlobalTablesOptions) {
    this.options = options;
    const known = options.state.incarnation();
    this.logChanged = known !== undefined && known !== options.log.incarnation;
  }

  /** True while rows are fetched or written. */
  get busy(): boolean {
    return this.applying || this.fetching;
  }

  /** True when rows wait for {@link advance}. */
  get hasArrived(): boolean {
    return this.arrived.length > 0 || this.queues.some(isReadable);
  }

  /** Partitions that are read, of all tables. */
  get queues(): readonly PartitionQueue[] {
    return this.loaded.flatMap((it) => it.queues);
  }

  /** True when rows wait for {@link advance} for so long that tasks which read them must not begin another batch. To be asked at every step, with monotonic time. */
  overdue(nowMs: number): boolean {
    if (!this.hasArrived) {
      this.arrivedMs = undefined;
      return false;
    }
    this.arrivedMs ??= nowMs;
    return nowMs - this.arrivedMs >= patienceMs;
  }

  /** Opens the stores and loads them up to the end of their topics as of now, or as far as they are when {@link close} comes first. */
  async start(callbacks: { wake: () => void; fail: (error: unknown) => void }): Promise<void> {
    this.wake = callbacks.wake;
    this.fail = callbacks.fail;
    const tables = new Map<GlobalTable, readonly Stored[]>();
    for (const table of this.options.plan.globalTables) {
      tables.set(table, await this.stored(table));
    }
    await this.wipeOutdated(tables);
    for (const [table, stored] of tables) this.loaded.push(await this.open(table, stored));
    for (const { store, queues } of this.loaded) {
      for (const queue of queues) {
        const at = { topic: queue.topic, partition: queue.partition };
        const [ends] = await this.options.log.ends([at], 'uncommitted');
        await this.load(store, queue, ends?.end ?? 0);
      }
    }
  }

  /** Takes rows that have arrived into the stores, at once, and asks for more. Call only between batches. */
  advance(): void {
    if (this.closed || this.loaded.length === 0 || this.applying) return;
    if (this.hasArrived) {
      this.arrivedMs = undefined;
      this.applying = true;
      this.applyArrived().catch(this.fail);
    } else if (!this.fetching && this.waiting === undefined) {
      this.await();
    }
  }

  close(): void {
    this.closed = true;
    this.ended.abort();
    this.waiting?.abort();
    for (const { store } of this.loaded) store.close();
  }

  private get schemaWait(): SchemaWait {
    const { serdes, clock, report } = this.options;
    return { cache: serdes.cache, clock, report };
  }

  private async open(table: GlobalTable, stored: readonly Stored[]): Promise<Loaded> {
    const { plan, state, compiler, serdes, storeCache } = this.options;
    const storePlan = plan.stores.get(table.store);
    if (storePlan === undefined) {
      throw new IllegalStateError('PLAN_STORE', `the plan has no store "${table.store}"`);
    }
    const source = await compiler.source(table.source);
    const store = new TaskStore({
      plan: { ...storePlan, sourceBacked: true },
      partition: 0,
      keySerde: await serdes.key(storePlan.changelog, storePlan.key, 'read'),
      valueSerde: await serdes.storeValue(storePlan.changelog, storePlan.value),
      backend: state,
      cache: storeCache,
      time: { streamTime: -1 },
    });
    this.stores.set(table.store, store);
    await this.noteTopics(table, stored);
    const queues = stored.map(({ ends: { topic, partition, start }, disk }) => {
      return new PartitionQueue(topic, partition, disk.position() ?? start, source.decode);
    });
    return { table, store, queues };
  }

  /** The partitions of a table, in the log and on disk. */
  private async stored(table: GlobalTable): Promise<readonly Stored[]> {
    const { log, state, partitionsOf } = this.options;
    const partitions = table.source.topics.flatMap((topic) =>
      Array.from({ length: partitionsOf(topic) }, (_, partition) => ({ topic, partition })),
    );
    const ends = await log.ends(partitions, 'uncommitted');
    return ends.map((it) => ({ ends: it, disk: state.open(table.store, it.partition) }));
  }

  /**
   * Rows of all partitions of a table stand together: if one cannot go on from where it stopped, all are read again. Positions are taken away from
   * all tables at once, before the first row goes: whatever a crash leaves of them, the next start sees that, and wipes them, too.
   */
  private async wipeOutdated(tables: ReadonlyMap<GlobalTable, readonly Stored[]>): Promise<void> {
    const { log, state, report, clock } = this.options;
    const nowMs = clock.now();
    const outdated = [...tables].filter(([, stored]) => {
      if (stored.every(({ disk }) => disk.position() === undefined)) return false;
      return this.logChanged || !stored.every((it) => isCurrent(it, nowMs));
    });
    if (outdated.length === 0) return;
    for (const [{ store }] of outdated) {
      report(`global table "${store}" cannot go on from where it stopped: it is read again`, {
        level: 'warn',
        store,
      });
    }
    const places = outdated.flatMap(([{ store }, stored]) =>
      stored.map(({ ends: { partition } }) => ({ store, partition })),
    );
    await state.apply(
      places.map((place) => ({ ...place, rows: [], position: toBeWiped })),
      log.incarnation,
    );
    for (const { store, partition } of places) await wipeStore(state, store, partition);
  }

  private async noteTopics({ store }: GlobalTable, stored: readonly Stored[]): Promise<void> {
    const { log, state } = this.options;
    const unnoted = stored.filter(({ ends, disk }) => disk.topicId() !== ends.topicId);
    if (unnoted.length === 0) return;
    const writes = unnoted.map(({ ends: { partition, topicId } }) => {
      return { store, partition, rows: [], position: undefined, topicId };
    });
    await state.apply(writes, log.incarnation);
  }

  private async load(store: TaskStore, queue: PartitionQueue, target: number): Promise<void> {
    const { signal } = this.ended;
    while (queue.fetchPosition < target) {
      const { topic, partition, fetchPosition: offset } = queue;
      const at = { topic, partition, offset };
      const fetched = await nextChunk(this.options.log, at, target, signal);
      if (fetched === undefined) break;
      queue.add(fetched);
      await this.take(store, queue);
    }
  }

  /**
   * Puts the queue's rows into the store and on disk. A schema that is missing is fetched between two chunks; as long as the registry is down, this waits.
   */
  private async take(store: TaskStore, queue: PartitionQueue): Promise<void> {
    const { log, state } = this.options;
    for (;;) {
      await state.apply(this.takeRows(store, queue), log.incarnation);
      store.applied();
      const id = queue.pendingSchema;
      if (id === undefined) return;
      await awaitSchema(id, this.schemaWait, this.ended.signal);
      if (this.closed) return;
      queue.schemaResolved();
    }
  }

  /** Takes what can be read of the queue into the store; gives what is to be put on disk, with the new position. */
  private takeRows(store: TaskStore, queue: PartitionQueue): readonly StateWrites[] {
    store.beginBatch();
    while (queue.headTime() !== undefined) {
      const item = queue.take();
      try {
        if (!(item instanceof StreamRecord)) throw item.error;
        if (item.key !== null) store.put(item.key, item.value, Math.max(0, item.time));
      } catch (error) {
        if (!(error instanceof SerdeError) && item instanceof StreamRecord) throw error;
        const { topic, partition } = queue;
        const why = error instanceof Error ? error.message : String(error);
        this.options.report(
          `global table "${store.name}": the record at ${item.offset} of ${topic}-${partition} is left out: ${why}`,
          { level: 'warn', code: 'GLOBAL_RECORD_LEFT_OUT', store: store.name, topic },
        );
      }
    }
    queue.settlePosition();
    queue.release();
    store.commitBatch();
    store.seal({ append() {} });
    const { partition, position, endOffset = 0 } = queue;
    const rows = store.acknowledged(undefined);
    const asOfMs = position >= endOffset ? this.options.clock.now() : undefined;
    return [...rows, { store: store.name, partition, rows: [], position, asOfMs }];
  }

  /** All rows go into the stores before this returns its promise: a batch that begins in the same step sees all or none (E7). */
  private async applyArrived(): Promise<void> {
    const { log, state } = this.options;
    const changed = new Set(this.queues.filter(isReadable));
    for (const { queue, fetched } of this.arrived.splice(0)) {
      queue.add(fetched);
      changed.add(queue);
    }
    const taken = this.loaded.flatMap(({ store, queues }) =>
      queues
        .filter((queue) => changed.has(queue))
        .map((queue) => ({ store, writes: this.takeRows(store, queue) })),
    );
    await state.apply(
      taken.flatMap(({ writes }) => writes),
      log.incarnation,
    );
    for (const { store } of taken) store.applied();
    this.applying = false;
    this.wake();
  }

  private await(): void {
    const abort = new AbortController();
    this.waiting = abort;
    // What waits for a schema gets no more to keep.
    const queues = this.queues.filter((queue) => queue.pendingSchema === undefined);
    const positions = queues.map(({ topic, partition, fetchPosition }) => ({
      topic,
      partition,
      offset: fetchPosition,
    }));
    this.options.log
      .awaitRecords(positions, maxWaitMs, abort.signal)
      .then(async () => {
        this.waiting = undefined;
        if (this.closed) return;
        this.fetching = true;
        const fetched = await this.options.log.fetch(positions, fetchLimits);
        this.fetching = false;
        for (const found of fetched) {
          const queue = queues.find(
            ({ topic, partition }) => topic === found.topic && partition === found.partition,
          );
          if (queue !== undefined && found.nextOffset > queue.fetchPosition) {
            this.arrived.push({ queue, fetched: found });
          }
        }
        this.wake();
      })
      .catch((error: unknown) => {
        this.fetching = false;
        if (!this.closed) this.fail(error);
      });
  }
}

function isReadable(queue: PartitionQueue): boolean {
  return queue.headTime() !== undefined;
}

function isCurrent({ disk, ends }: Stored, nowMs: number): boolean {
  const position = disk.position();
  if (position === undefined) return true;
  if (isOfAnother(disk.topicId(), ends.topicId)) return false;
  const age = { asOfMs: disk.asOfMs(), nowMs };
  const { start, end } = ends;
  return position >= start && position <= end && missedDeletes(position, ends, age) === undefined;
}
