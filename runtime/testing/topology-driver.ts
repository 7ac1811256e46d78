import type { CallHandler } from '../../processors/call-handler.ts';
import type { AvroSchemas } from '../../schemas/index.ts';
import { loadCatalog } from '../../schemas/index.ts';
import { type Duration, parseDuration } from '../../topology/core/duration.ts';
import type { SchemaCatalog } from '../../topology/core/avro.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { redrivenTopic } from '../../topology/core/names.ts';
import { nearestName } from '../../topology/core/problem.ts';
import { renderProblems } from '../../topology/check/render.ts';
import type { Definition } from '../../topology/definition/definition.ts';
import { check } from '../../topology/graph/check.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { plan } from '../../topology/plan/planner.ts';
import { type Assembled, assemble } from '../app/assemble.ts';
import type { CallStatus } from '../calls/call-status.ts';
import type { CrashPoint } from '../engine/committer.ts';
import { compileEngineOptions, type EngineOptions } from '../engine/engine-options.ts';
import { MemoryLog } from '../memory/memory-log.ts';
import { MemoryRegistry } from '../memory/memory-registry.ts';
import { MemoryStateBackend } from '../state/memory-backend.ts';
import type { TaskControl } from '../task/task-control.ts';
import { ManualClock } from './manual-clock.ts';
import { type SentRecord, NamedTopics, type TopicRecord } from '../app/named-topics.ts';
import { encodeRelease, parkedText } from '../task/release.ts';
import { releaseOf, type ReleaseOptions } from './letter-release.ts';

export interface DriverOptions {
  readonly definition: Definition;
  /** Avro types: a catalog, or the texts of `.avsc` files. @defaultValue none but the primitives */
  readonly schemas?:
    (SchemaCatalog & AvroSchemas) | readonly { readonly file: string; readonly text: string }[];
  /** Kebab-case name → function: processors and `use:` functions. */
  readonly functions?: ReadonlyMap<string, unknown> | Readonly<Record<string, unknown>>;
  /** Name of a call → its service. */
  readonly calls?: Readonly<Record<string, CallHandler>>;
  /** Partitions of every topic, whatever the topology says. @defaultValue 3 */
  readonly partitions?: number;
  /** Seeds the jitter of calls. @defaultValue 1 */
  readonly seed?: number;
  /** Where the clock starts, ms. @defaultValue 0 */
  readonly startMs?: number;
  /** @defaultValue those of production, without a bound on commits per second and on future times */
  readonly options?: EngineOptions;
  /** Topic for topic, partition and offset of each record that a task takes, in the transaction that commits it. */
  readonly trace?: string;
}

/** What a crash point stops: the engine, at once. The driver starts the next one. */
class SimulatedCrash extends Error {
  readonly point: CrashPoint;

  constructor(point: CrashPoint) {
    super(`crash at ${point}`);
    this.point = point;
  }
}

/** Turns of the event loop to wait for something outside (a service, an asynchronous stage) before the driver takes it to wait for the clock. */
const patienceTurns = 100;

/**
 * Runs a topology in a test: the real engine with real sub-topologies, partitions and internal topics, on a log in memory and a clock that the test moves. Nothing
 * happens but in {@link TopologyDriver.settle} and what calls it, so runs with one seed are equal.
 *
 * **Example**
 * ```ts
 * const driver = await TopologyDriver.start({ definition });
 * await driver.pipe('words', { key: 'a', value: 'hello' });
 * expect(await driver.read('shouted')).toEqual([…]);
 * await driver.close();
 * ```
 */
export class TopologyDriver {
  readonly plan: Plan;
  readonly clock: ManualClock;
  readonly log: MemoryLog;
  readonly state = new MemoryStateBackend();
  readonly registry = new MemoryRegistry();
  /** What the engine said to its operator (stores that are rebuilt). */
  readonly reports: string[] = [];
  /** Crashes so far. */
  crashes = 0;

  private readonly options: DriverOptions;
  private readonly catalog: SchemaCatalog & AvroSchemas;
  private readonly functions: ReadonlyMap<string, unknown>;
  private topics: NamedTopics | undefined;
  private assembled: Assembled | undefined;
  private readonly crashPoints: { point: CrashPoint; skip: number }[] = [];

  /**
   * Checks and plans the topology, starts the engine.
   * @throws {ConfigError} TOPOLOGY_PROBLEMS with all problems, if there are any
   */
  static async start(options: DriverOptions): Promise<TopologyDriver> {
    const driver = new TopologyDriver(options);
    await driver.begin();
    return driver;
  }

  private constructor(options: DriverOptions) {
    this.options = options;
    this.clock = new ManualClock(options.startMs ?? 0);
    this.log = new MemoryLog({ clock: this.clock });
    this.catalog = catalogOf(options.schemas ?? []);
    this.functions = functionsOf(options);
    const { definition } = options;
    const { graph, problems } = check(definition, this.catalog);
    if (graph === undefined) {
      throw new ConfigError(
        'TOPOLOGY_PROBLEMS',
        renderProblems(problems, undefined, { definition }),
      );
    }
    this.plan = plan(graph, { allPartitions: options.partitions ?? 3 });
  }

  /** Appends records to a stream or table, in one transaction; nothing is processed before {@link settle}. Without a time a record has the clock's. */
  async send(stream: string, ...records: readonly SentRecord[]): Promise<void> {
    await this.testTopics().send(stream, records);
  }

  /** {@link send} record by record, each processed to the end before the next. */
  async pipe(stream: string, ...records: readonly SentRecord[]): Promise<void> {
    for (const record of records) {
      await this.send(stream, record);
      await this.settle();
    }
  }

  /** Records of a stream, table or topic since the last read of it, by partition, then offset. */
  async read(name: string): Promise<readonly TopicRecord[]> {
    return this.testTopics().read(name);
  }

  /** All records of a stream, table or topic, by partition, then offset. */
  async all(name: string): Promise<readonly TopicRecord[]> {
    return this.testTopics().all(name);
  }

  /** Works until nothing is left to do at the present time: inputs read, batches committed, replies in. Waits for no timer of the clock. */
  async settle(): Promise<void> {
    let quietTurns = 0;
    let outside = 0;
    while (quietTurns < 3) {
      let worked = false;
      try {
        worked = this.engine.step();
      } catch (error) {
        if (!(error instanceof SimulatedCrash) && !isCrash(this.engine.failure)) throw error;
        await this.restart();
        quietTurns = 0;
        continue;
      }
      // What the step began may end within the turn, and give new work.
      const began = this.engine.pendingInside;
      await nextTurn();
      if (worked || began || this.engine.pendingInside) {
        quietTurns = 0;
        outside = 0;
      } else if (this.engine.pending && outside < patienceTurns) {
        outside++;
        quietTurns = 0;
      } else {
        quietTurns++;
      }
    }
  }

  /**
   * Releases the key that a dead letter parks (`park-by-key`), and settles: `retry`, as `millrace dlq redrive` does, lets its record enter the topology again, with
   * `value` in place of its own if that is given; `discard` gives it up. The records that wait behind it follow. Where the key has failed anew since, or is free, nothing happens.
   *
   * **Example**
   * ```ts
   * const [letter] = await driver.read('orders-dead-letters');
   * await driver.release(letter);
   * ```
   * @throws {ConfigError} LETTER_NOT_PARKED when the letter parks no key
   */
  async release(letter: TopicRecord, how: ReleaseOptions = {}): Promise<void> {
    const { topic, release } = releaseOf(letter, how.action ?? 'retry');
    const value =
      'value' in how ? await this.testTopics().encodedValue(topic, how.value) : undefined;
    const { json, headers } = encodeRelease(value === undefined ? release : { ...release, value });
    const note = {
      key: Buffer.from(`${release.task}/${json.key}/${parkedText(release.parked)}`),
      value: Buffer.from(JSON.stringify({ version: 1, release: json })),
      headers,
    };
    await this.send(redrivenTopic(this.plan.application), note);
    await this.settle();
  }

  /** Moves the clock on, timer by timer, settling after each. */
  async advance(duration: Duration): Promise<void> {
    const until = this.clock.now() + parseDuration(duration, 'the duration');
    await this.settle();
    for (;;) {
      const due = this.nextDue();
      if (due === undefined || due > until) break;
      this.clock.advanceTo(due);
      await this.settle();
    }
    this.clock.advanceTo(until);
    await this.settle();
  }

  /** Kills the engine as SIGKILL would, and starts another on the same log and disk. */
  async crash(): Promise<void> {
    await this.restart();
  }

  /** Crashes when a point is reached for the (`skip` + 1)th time from now. */
  crashAt(point: CrashPoint, skip = 0): void {
    this.crashPoints.push({ point, skip });
  }

  /**
   * Value of a key in a store, in whichever task it is; undefined where there is none. Reads committed state.
   * @throws {ConfigError} STORE_UNKNOWN
   */
  get(store: string, key: unknown): unknown {
    this.checkStore(store);
    for (const task of this.engine.tasks) {
      const row = task.stores.owned(store)?.row(key);
      if (row !== undefined) return row.value;
    }
    return this.assembled?.globals.stores.get(store)?.row(key)?.value;
  }

  /**
   * All rows of a store, task by task, in order of key bytes.
   * @throws {ConfigError} STORE_UNKNOWN
   */
  rows(
    store: string,
  ): readonly { key: unknown; value: unknown; time: number; partition: number }[] {
    this.checkStore(store);
    const rows = [];
    for (const task of this.engine.tasks) {
      for (const [key, row] of task.stores.owned(store)?.range() ?? []) {
        rows.push({ key, value: row.value, time: row.time, partition: task.partition });
      }
    }
    for (const [key, row] of this.assembled?.globals.stores.get(store)?.range() ?? []) {
      rows.push({ key, value: row.value, time: row.time, partition: 0 });
    }
    return rows;
  }

  /** Counters of a stage, all tasks together: only those that are not 0. */
  outcomes(stage: string): Readonly<Record<string, number>> {
    const sum: Record<string, number> = {};
    for (const task of this.engine.tasks) {
      for (const [name, count] of Object.entries(task.control.outcomes[stage] ?? {})) {
        sum[name] = (sum[name] ?? 0) + count;
      }
    }
    return sum;
  }

  /** Task id → what its control record holds. */
  controls(): Readonly<Record<string, TaskControl>> {
    return Object.fromEntries(this.engine.tasks.map((task) => [task.id, task.control]));
  }

  /** Calls that have not ended. */
  get openCalls(): number {
    return this.engine.calls.outstanding;
  }

  /** What the calls of each stage are doing. */
  callStatus(): readonly CallStatus[] {
    return this.engine.calls.status();
  }

  async close(): Promise<void> {
    await this.engine.close();
  }

  private get engine(): Assembled['engine'] {
    return (this.assembled as Assembled).engine;
  }

  private checkStore(store: string): void {
    const { stores } = this.plan;
    if (stores.has(store)) return;
    const names = [...stores.keys()].map((name) => `"${name}"`).sort();
    const near = nearestName(store, stores.keys());
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    throw new ConfigError(
      'STORE_UNKNOWN',
      `there is no store "${store}": the topology has ${names.length === 0 ? 'none' : names.join(', ')}${hint}`,
    );
  }

  private nextDue(): number | undefined {
    const timer = this.clock.nextDue();
    const wake = this.engine.nextWakeMs();
    if (timer === undefined) return wake;
    return wake === undefined ? timer : Math.min(timer, wake);
  }

  private testTopics(): NamedTopics {
    return this.topics as NamedTopics;
  }

  private async begin(): Promise<void> {
    const { options, plan: made, clock, log } = this;
    const compiled = compileEngineOptions({
      'max-future': 'unlimited',
      // Virtual time stands still while it closes.
      'call-grace': 0,
      ...options.options,
      commit: { 'max-rate': 1e9, ...options.options?.commit },
    });
    if (options.trace !== undefined && (await log.admin.describe(options.trace)) === undefined) {
      await log.admin.create({
        name: options.trace,
        partitions: 1,
        cleanup: 'delete',
        retention: 'forever',
      });
    }
    this.assembled = await assemble({
      plan: made,
      catalog: this.catalog,
      functions: this.functions,
      log,
      state: this.state,
      registry: this.registry,
      clock,
      options: compiled,
      slot: 'driver',
      seed: options.seed ?? 1,
      report: (message) => this.reports.push(message),
      probe: (point) => this.probe(point),
      ...(options.trace === undefined ? {} : { trace: options.trace }),
    });
    const { serdes, partitions } = this.assembled;
    const { definition } = options;
    const client = 'test-driver';
    this.topics ??= await NamedTopics.open({
      plan: made,
      definition,
      log,
      clock,
      serdes,
      partitions,
      client,
    });
    await this.engine.start();
    await this.engine.restored();
  }

  private async restart(): Promise<void> {
    this.crashes++;
    this.engine.kill();
    await this.begin();
  }

  private probe(point: CrashPoint): void {
    const armed = this.crashPoints.find((it) => it.point === point);
    if (armed === undefined) return;
    if (armed.skip > 0) {
      armed.skip--;
      return;
    }
    this.crashPoints.splice(this.crashPoints.indexOf(armed), 1);
    throw new SimulatedCrash(point);
  }
}

function isCrash(error: unknown): boolean {
  return error instanceof SimulatedCrash;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function catalogOf(schemas: NonNullable<DriverOptions['schemas']>): SchemaCatalog & AvroSchemas {
  if (!Array.isArray(schemas)) return schemas as SchemaCatalog & AvroSchemas;
  const { catalog, problems } = loadCatalog(schemas);
  const [first] = problems;
  if (first !== undefined) throw new ConfigError(first.code, first.message);
  return catalog;
}

function functionsOf(options: DriverOptions): ReadonlyMap<string, unknown> {
  const { functions = {}, calls = {} } = options;
  const entries = functions instanceof Map ? [...functions] : Object.entries(functions);
  return new Map<string, unknown>([...entries, ...Object.entries(calls)]);
}
