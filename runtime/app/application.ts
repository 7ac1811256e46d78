import { join } from 'node:path';
import type { AvroSchemas } from '../../schemas/index.ts';
import type { SchemaCatalog } from '../../topology/core/avro.ts';
import type { Definition } from '../../topology/definition/definition.ts';
import { differenceText } from '../../topology/plan/compare/difference.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { SyncMode } from '../embedded/durability.ts';
import type { HttpCallOptions } from '../calls/http/call-options.ts';
import type { CallStatus } from '../calls/call-status.ts';
import type { Engine } from '../engine/engine.ts';
import { compileEngineOptions, type EngineOptions } from '../engine/engine-options.ts';
import { lineLogger, type Logger, type Report, reportTo } from '../logger.ts';
import type { Log, SchemaRegistry, StateBackend } from '../ports.ts';
import { LmdbStateBackend } from '../state/lmdb-backend.ts';
import { openApplicationLog } from './application-log.ts';
import { MemberQueries } from '../queries/member-queries.ts';
import type { QueriesOptions } from '../queries/queries-options.ts';
import type { StoreQuery } from '../queries/store-query.ts';
import { openQueries } from './application-queries.ts';
import { ApplicationWatch } from './application-watch.ts';
import { assemble } from './assemble.ts';
import { openFunctions } from './call-handlers.ts';
import { closeAll } from './close-all.ts';
import type { KafkaSettings } from './kafka-settings.ts';
import { planApplication } from './plans/plan-application.ts';
import { withoutRepeats } from './repeated-lines.ts';
import { serveRegistry } from './open-registry.ts';
import { usedRegistry } from './schemas/used-registry.ts';
import type { RegistryChoice } from './runner-file-registry.ts';
import { systemClock } from './system-clock.ts';
import { checkedGraph, placeOfTopic, readTopology } from './topology-source.ts';

/** How often retention and compaction of the embedded log get a turn, ms. */
const maintenanceMs = 10_000;

export interface ApplicationOptions {
  /** Topology file. */
  readonly topology: string;
  /** Data folder of the embedded log and of the state stores. @defaultValue .millrace/data */
  readonly data?: string;
  /** The Kafka cluster to run on. @defaultValue the embedded log of the data folder */
  readonly kafka?: KafkaSettings;
  /** The schema registry. @defaultValue the log's own, which is not served */
  readonly registry?: RegistryChoice;
  /** Answers for its stores over HTTP, and is asked by other members. @defaultValue nobody listens */
  readonly queries?: QueriesOptions;
  /** Calls by HTTP, by their names; those that the topology does not have are of others. @defaultValue every call has its file in the processors folder */
  readonly calls?: Readonly<Record<string, HttpCallOptions>>;
  /** When commits are forced to the disk. @defaultValue 'commit' */
  readonly sync?: SyncMode;
  readonly options?: EngineOptions;
  /** Options that commands need to find the application, for messages that name commands. @defaultValue none */
  readonly commandOptions?: readonly string[];
  /** Seeds the jitter of retries. @defaultValue from the clock */
  readonly seed?: number;
  /** Told of what an operator should know. @defaultValue lines on standard error */
  readonly logger?: Logger;
  /** Topic for topic, partition and offset of each record that a task takes, in the transaction that commits it (tests). */
  readonly trace?: string;
  /** Replace or wrap the ports, before anything uses them. */
  readonly wrap?: (ports: Ports) => Ports;
}

/** What an application stands on. */
export interface Ports {
  readonly log: Log;
  readonly state: StateBackend;
  readonly registry: SchemaRegistry;
}

/**
 * A running application: a topology on the embedded log, or as a member of its group on Kafka.
 *
 * {@link Application.failure} is set when it stopped by itself; {@link Application.close} ends it in order at any time.
 */
export class Application {
  readonly definition: Definition;
  readonly plan: Plan;
  readonly catalog: SchemaCatalog & AvroSchemas;
  readonly log: Log;
  readonly registry: SchemaRegistry;
  /** Where it answers queries over HTTP (`http://host:port`); undefined: it does not. */
  readonly endpoint: string | undefined;
  /** Resolves when the application has stopped, by {@link close} or by a failure. */
  readonly stopped: Promise<void>;
  private readonly engine: Engine;
  private readonly queries: MemberQueries;
  private readonly release: () => Promise<void>;
  private readonly abort = new AbortController();
  private readonly watch: ApplicationWatch;
  private cancelMaintenance: (() => void) | undefined;
  private closing: Promise<void> | undefined;

  constructor(parts: {
    definition: Definition;
    plan: Plan;
    catalog: SchemaCatalog & AvroSchemas;
    ports: Ports;
    engine: Engine;
    queries: MemberQueries;
    endpoint: string | undefined;
    release: () => Promise<void>;
    maintain: () => Promise<void>;
    report: Report;
  }) {
    this.definition = parts.definition;
    this.plan = parts.plan;
    this.catalog = parts.catalog;
    this.log = parts.ports.log;
    this.registry = parts.ports.registry;
    this.engine = parts.engine;
    this.queries = parts.queries;
    this.endpoint = parts.endpoint;
    this.release = parts.release;
    // A failure is kept by the engine; nobody has to wait for this promise to learn of it.
    this.stopped = this.engine.run(this.abort.signal).catch(() => {});
    this.scheduleMaintenance(parts.maintain);
    this.watch = new ApplicationWatch(this, systemClock, parts.report);
  }

  /** Why it stopped by itself; undefined while it runs. */
  get failure(): unknown {
    return this.engine.failure;
  }

  /** True when nothing is under way: all that was fetched is committed, no call is journaled, no batch runs. */
  get quiet(): boolean {
    return this.engine.quiet;
  }

  /** Tasks, with counters and times as of the last commit. */
  get tasks(): Engine['tasks'] {
    return this.engine.tasks;
  }

  /** Tasks whose state is being restored, and how far they are; they begin when it is there. */
  get restoring(): Engine['restoring'] {
    return this.engine.restoring;
  }

  /** Committed counters, node by node, of what this process has done itself since it started. */
  outcomes(): ReturnType<Engine['outcomes']> {
    return this.engine.outcomes();
  }

  /** The same, task by task, of those that run here at present. */
  outcomesByTask(): ReturnType<Engine['totals']['byTask']> {
    return this.engine.totals.byTask();
  }

  /**
   * A store, on all members: committed rows only. This member asks the others over HTTP, which they answer where `queries` is set.
   * @throws {ConfigError} STORE_NAME when there is no such store
   */
  query(store: string): Promise<StoreQuery> {
    return this.queries.query(store);
  }

  /** All members of its group as of the last assignment; empty where the log tells none. */
  get members(): Engine['members'] {
    return this.engine.members;
  }

  /** Transactions committed so far. */
  get commits(): number {
    return this.engine.committer.transactions;
  }

  /**
   * True when the application has taken all that its topics held when it was asked, committed it, and has no call open. Its own outputs that it reads again count;
   * timers that are due later do not.
   */
  async caughtUp(): Promise<boolean> {
    if (!this.quiet) return false;
    const positions = this.tasks.flatMap((task) => [...task.queues]);
    const ends = await this.log.ends(positions, 'committed');
    const behind = ends.some(({ topic, partition, end }) =>
      positions.some((at) => at.topic === topic && at.partition === partition && at.position < end),
    );
    // What was under way while the ends were asked for may have written since.
    return !behind && this.quiet;
  }

  /** What the calls of each stage are doing. */
  callStatus(): readonly CallStatus[] {
    return this.engine.calls.status();
  }

  /** Calls that are journaled and have not ended. */
  get openCalls(): number {
    return this.engine.calls.outstanding;
  }

  /** Commits what is completed, drops the rest, gives the folder back. What was dropped is read again at the next start. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    this.abort.abort();
    this.cancelMaintenance?.();
    await this.stopped;
    this.watch.close();
    try {
      await this.engine.close();
    } finally {
      await this.release();
    }
  }

  private scheduleMaintenance(maintain: () => Promise<void>): void {
    this.cancelMaintenance = systemClock.after(maintenanceMs, () => {
      maintain()
        .catch(() => {
          // A full or broken disk shows in the next commit, with its reaction.
        })
        .finally(() => {
          if (!this.abort.signal.aborted) this.scheduleMaintenance(maintain);
        });
    });
  }
}

/**
 * Starts a topology file: checks it, loads its processors, opens log and state, compares it with what ran there before, and runs. When this resolves it is known where every task goes on
 * reading; state that has to be restored may still be, see {@link Application.restoring}.
 * @throws {TopologyError} when the file has problems
 * @throws {ConfigError} when processors, topics or the data folder do not fit, or the application runs already; PLAN_REFUSED when it is not
 * what ran before and state or records would not fit
 * @throws {StorageError} when the folder cannot be read or written
 */
export async function startApplication(options: ApplicationOptions): Promise<Application> {
  const topology = readTopology(options.topology);
  const graph = checkedGraph(topology);
  const { definition } = graph;
  const sources = await openFunctions(definition, {
    folder: topology.processors,
    catalog: topology.catalog,
    calls: options.calls ?? {},
    clock: systemClock,
  });
  const logger = options.logger ?? lineLogger(toStandardError);
  const report = reportTo(withoutRepeats(logger, systemClock), {
    application: definition.application,
  });
  const engineOptions = compileEngineOptions(options.options);
  const { data = join('.millrace', 'data'), sync, kafka } = options;
  const opened = await openApplicationLog(definition.application, {
    data,
    ...(sync === undefined ? {} : { sync }),
    ...(kafka === undefined ? {} : { kafka }),
    ...(options.registry === undefined ? {} : { registry: options.registry }),
    report,
  });
  const closers: (() => Promise<void>)[] = [() => opened.close(), () => sources.close()];
  const release = (): Promise<void> => closeAll(closers.splice(0));
  try {
    const planned = await planApplication(topology, graph, {
      ...opened,
      commandOptions: options.commandOptions ?? [],
    });
    for (const difference of planned.applied) report(`new plan: ${differenceText(difference)}`);
    const state = await LmdbStateBackend.open({
      stateFolder: opened.state.folder,
      application: opened.state.name,
      setAside: ({ movedTo, reason }) =>
        report(
          `the state of "${definition.application}" cannot be read (${reason}); it was moved to ${movedTo} and is rebuilt`,
          { level: 'warn' },
        ),
    });
    closers.push(() => state.close());
    const served = await serveRegistry(opened.ownRegistry, options.registry, report);
    closers.push(() => served.close());
    const asked = await openQueries(definition.application, options.queries, opened.state);
    closers.push(() => asked.close());
    const { log, slot } = opened;
    const registry = await usedRegistry(opened, topology, {
      choice: options.registry,
      report,
    });
    const ports = (options.wrap ?? same)({ log, state, registry });
    if (options.trace !== undefined) await createTrace(ports.log, options.trace);
    const { engine, queries: local } = await assemble({
      plan: planned.plan,
      catalog: topology.catalog,
      placeOf: placeOfTopic(topology),
      ...(planned.ran === undefined ? {} : { ran: planned.ran }),
      functions: sources.functions,
      ...ports,
      clock: systemClock,
      options: engineOptions,
      slot,
      group: {
        ...planned.group,
        ...(kafka?.standbyReplicas === undefined ? {} : { standbyReplicas: kafka.standbyReplicas }),
        ...(asked.server === undefined ? {} : { endpoint: asked.server.endpoint }),
      },
      seed: options.seed ?? systemClock.now(),
      report,
      ...(options.trace === undefined ? {} : { trace: options.trace }),
    });
    const queries = new MemberQueries({
      application: definition.application,
      local,
      members: () => engine.members,
      ask: asked.ask,
      report,
    });
    try {
      await planned.announce();
      await engine.start();
      await planned.settle();
    } catch (error) {
      await engine.close();
      throw error;
    }
    if (asked.server !== undefined) asked.server.source = queries;
    const application = new Application({
      definition,
      plan: planned.plan,
      catalog: topology.catalog,
      ports,
      engine,
      queries,
      endpoint: asked.server?.endpoint,
      release,
      maintain: () => opened.maintain(),
      report,
    });
    try {
      await engine.located();
    } catch (error) {
      await application.close();
      throw error;
    }
    return application;
  } catch (error) {
    await release().catch(() => {});
    throw error;
  }
}

function toStandardError(line: string): void {
  process.stderr.write(`millrace: ${line}\n`);
}

function same(ports: Ports): Ports {
  return ports;
}

async function createTrace(log: Log, name: string): Promise<void> {
  await log.admin.create({ name, partitions: 1, cleanup: 'delete', retention: 'forever' });
}
