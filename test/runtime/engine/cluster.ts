import { assemble, type Assembled } from '../../../runtime/app/assemble.ts';
import {
  compileEngineOptions,
  type EngineOptions,
} from '../../../runtime/engine/engine-options.ts';
import type { Engine } from '../../../runtime/engine/engine.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import type { Membership, Transactor } from '../../../runtime/ports.ts';
import { MemoryStateBackend } from '../../../runtime/state/memory-backend.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import type { CallHandler } from '../../../processors/call-handler.ts';
import { loadCatalog } from '../../../schemas/index.ts';
import { partitionOf } from '../../../topology/core/murmur2.ts';
import { check } from '../../../topology/graph/check.ts';
import type { Plan } from '../../../topology/plan/plan.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { batchOf, type PlainRecord, recordsOf } from '../codec/records.ts';
import { definitionOf } from '../topology.ts';
import { FlakyRegistry } from './bench.ts';

export interface ClusterOptions {
  readonly functions?: Readonly<Record<string, unknown>>;
  readonly calls?: Readonly<Record<string, CallHandler>>;
  readonly options?: EngineOptions;
  readonly standbyReplicas?: number;
  /** Texts of `.avsc` files. */
  readonly schemas?: readonly string[];
  /** Topic for what each task takes. */
  readonly trace?: string;
}

/** One process: its disk stays when it is killed. */
export interface ClusterMember {
  readonly name: string;
  state: MemoryStateBackend;
  readonly reports: string[];
  assembled: Assembled | undefined;
  engine: Engine | undefined;
}

const topicsFrom = { cleanup: 'delete', retention: 'forever' } as const;
const quiet = async (): Promise<void> => {};

/** Several engines of one application on one log in memory, on virtual time, in one process. Nothing is stepped but in {@link settle} and what calls it. */
export class Cluster {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog({ clock: this.clock, members: 'many', markers: true });
  readonly registry = new FlakyRegistry();
  readonly members = new Map<string, ClusterMember>();
  readonly plan: Plan;
  private readonly options: ClusterOptions;
  private readonly text: string;
  private readonly partitions: number;
  private readonly catalog: ReturnType<typeof loadCatalog>['catalog'];
  private writer: { readonly transactor: Transactor; readonly member: Membership } | undefined;

  constructor(text: string, options: ClusterOptions = {}, partitions = 4) {
    this.text = text;
    this.partitions = partitions;
    this.options = options;
    ({ plan: this.plan, catalog: this.catalog } = this.planned(options.schemas ?? []));
  }

  /** The engine of a member that runs. */
  engine(name: string): Engine {
    const engine = this.members.get(name)?.engine;
    if (engine === undefined) throw new Error(`member ${name} does not run`);
    return engine;
  }

  /** Engines that run. */
  get engines(): readonly Engine[] {
    return [...this.members.values()].flatMap(({ engine }) => engine ?? []);
  }

  /** Starts a member, on the disk that it had before. The others go on meanwhile. `schemas` are those of its release, if it has others. */
  async start(
    name: string,
    {
      endpoint,
      schemas,
    }: { readonly endpoint?: string; readonly schemas?: readonly string[] } = {},
  ): Promise<Engine> {
    const member = this.members.get(name) ?? {
      name,
      state: new MemoryStateBackend(),
      reports: [],
      assembled: undefined,
      engine: undefined,
    };
    this.members.set(name, member);
    const { functions = {}, calls = {}, options = {}, standbyReplicas = 0, trace } = this.options;
    member.assembled = await assemble({
      ...(schemas === undefined
        ? { plan: this.plan, catalog: this.catalog }
        : this.planned(schemas)),
      functions: new Map(Object.entries({ ...functions, ...calls })),
      log: this.log,
      state: member.state,
      registry: this.registry,
      clock: this.clock,
      options: compileEngineOptions({
        'max-future': 'unlimited',
        'call-grace': 0,
        ...options,
        commit: { 'max-rate': 1e9, ...options.commit },
      }),
      slot: name,
      seed: 1,
      group: { standbyReplicas, ...(endpoint === undefined ? {} : { endpoint }) },
      report: (message) => member.reports.push(message),
      ...(trace === undefined ? {} : { trace }),
    });
    const { engine } = member.assembled;
    const started = engine.start();
    await this.during(started);
    member.engine = engine;
    return engine;
  }

  private planned(schemas: readonly string[]) {
    const { catalog } = loadCatalog(schemas.map((it, i) => ({ file: `${i}.avsc`, text: it })));
    const { graph, problems } = check(definitionOf(this.text), catalog);
    if (graph === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
    return { plan: plan(graph, { allPartitions: this.partitions }), catalog };
  }

  /** Ends a member in order. */
  async stop(name: string): Promise<void> {
    const { engine } = this.members.get(name) as ClusterMember;
    await this.during(engine?.close() ?? Promise.resolve());
    (this.members.get(name) as ClusterMember).engine = undefined;
  }

  /** Kills a member: the group learns of it at once, its transaction stays open until somebody fences it. */
  kill(name: string): void {
    this.engine(name).kill();
    (this.members.get(name) as ClusterMember).engine = undefined;
    this.log.cluster.crash(this.plan.application, name);
  }

  /** What the heir of a dead member does, or the broker after a while: aborts what it has left open. */
  fence(name: string): void {
    this.log.cluster.transactions.fence(name);
  }

  /** Steps all engines once, and lets what they began go on. */
  async turn(): Promise<boolean> {
    let worked = false;
    for (const engine of this.engines) if (engine.step()) worked = true;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    return worked || this.engines.some(({ pendingInside }) => pendingInside);
  }

  /** Works until `turns` turns in a row bring nothing, or `limit` turns are over. */
  async settle(turns = 12, limit = 1000): Promise<void> {
    for (let idle = 0; idle < turns && limit > 0; limit--) {
      if (await this.turn()) idle = 0;
      else idle++;
    }
  }

  /** Steps until the promise is settled. */
  async during<T>(promise: Promise<T>): Promise<T> {
    const ended = new AbortController();
    const end = (): void => ended.abort();
    promise.then(end, end);
    for (let turns = 0; !ended.signal.aborted; turns++) {
      if (turns > 5000) throw new Error('it does not end, whatever the members do');
      await this.turn();
    }
    return promise;
  }

  /** Appends text records to a topic, each to the partition of its key. */
  async send(topic: string, ...records: readonly PlainRecord[]): Promise<void> {
    const partitions = (await this.log.admin.describe(topic))?.partitions ?? 1;
    const appends = new Map<number, PlainRecord[]>();
    for (const record of records) {
      const partition = record.key === null ? 0 : partitionOf(record.key, partitions);
      appends.set(partition, [...(appends.get(partition) ?? []), record]);
    }
    this.writer ??= {
      transactor: await this.log.transactor('writer'),
      member: await this.log.join(
        { group: 'writer', topics: [], slot: 'writer' },
        { assigned: quiet, revoked: quiet, lost: quiet },
      ),
    };
    await this.writer.transactor.commit(
      {
        appends: [...appends].map(([partition, of]) => ({
          topic,
          partition,
          batch: batchOf(...of),
          records: of.length,
        })),
        positions: [],
      },
      this.writer.member,
    );
  }

  /** Creates the topics of the plan that an application does not create by itself, before any member is there. */
  async createTopics(): Promise<void> {
    for (const { name, partitions = 1, cleanup } of this.plan.topics.values()) {
      await this.log.admin.create({ ...topicsFrom, name, partitions, cleanup });
    }
    const { trace: name } = this.options;
    if (name !== undefined) await this.log.admin.create({ ...topicsFrom, name, partitions: 1 });
  }

  /** Committed records of a topic, by partition, then offset. */
  async read(
    topic: string,
  ): Promise<readonly (PlainRecord & { readonly partition: number; readonly offset: number })[]> {
    const partitions = (await this.log.admin.describe(topic))?.partitions ?? 0;
    const result = [];
    for (let partition = 0; partition < partitions; partition++) {
      const [fetched] = await this.log.fetch([{ topic, partition, offset: 0 }], {
        maxBytes: 1e9,
        maxBytesPerPartition: 1e9,
      });
      for (const record of (fetched?.batches ?? []).flatMap(recordsOf)) {
        result.push({ ...record, partition });
      }
    }
    return result;
  }

  /** Moves the clock on by `ms`, in steps of 100, settling after each. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.advanceTo(this.clock.now() + Math.min(100, left));
      await this.settle();
    }
  }

  /** Ends everything in order. */
  async close(): Promise<void> {
    for (const { name, engine } of this.members.values()) {
      if (engine !== undefined) await this.stop(name);
    }
  }
}
