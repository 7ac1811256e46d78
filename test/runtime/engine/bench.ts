import { assemble, type Assembled } from '../../../runtime/app/assemble.ts';
import { compileEngineOptions } from '../../../runtime/engine/engine-options.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import { MemoryStateBackend } from '../../../runtime/state/memory-backend.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { loadCatalog } from '../../../schemas/index.ts';
import { check } from '../../../topology/graph/check.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { batchOf, type PlainRecord, recordsOf } from '../codec/records.ts';
import { definitionOf } from '../topology.ts';

/** A registry that can be out of reach. */
export class FlakyRegistry extends MemoryRegistry {
  down = false;
  /** Ids that were asked for. */
  readonly asked: number[] = [];

  override async schema(id: number): Promise<string | undefined> {
    this.asked.push(id);
    if (this.down) throw new Error('connection refused');
    return super.schema(id);
  }
}

/** An engine on a log in memory, below the test driver: raw bytes, and a registry of its own. */
export class EngineBench {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog({ clock: this.clock });
  readonly registry = new FlakyRegistry();
  state = new MemoryStateBackend();
  assembled: Assembled | undefined;
  /** What an operator was told. */
  readonly reports: string[] = [];
  /** Functions and call handlers by name. */
  readonly functions = new Map<string, unknown>();

  private parts: ReturnType<typeof partsOf>;

  /** `schemas` are the texts of `.avsc` files. */
  constructor(text: string, ...schemas: readonly string[]) {
    this.parts = partsOf(text, schemas);
  }

  /** What the next start runs. */
  redefine(text: string, ...schemas: readonly string[]): void {
    this.parts = partsOf(text, schemas);
  }

  /** Starts an engine, in place of the one before, as after a crash. */
  async start(): Promise<void> {
    this.assembled?.engine.kill();
    this.assembled = await assemble({
      ...this.parts,
      functions: this.functions,
      log: this.log,
      state: this.state,
      registry: this.registry,
      clock: this.clock,
      options: compileEngineOptions({ commit: { 'max-rate': 1e9 }, 'call-grace': 0 }),
      slot: 'bench',
      seed: 1,
      report: (message) => this.reports.push(message),
    });
    await this.assembled.engine.start();
    await this.assembled.engine.restored();
  }

  /** Works until 20 turns in a row bring nothing. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 20; idle++) {
      if (this.assembled?.engine.step() === true) idle = 0;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  /** Appends records to partition 0 of a topic, which is made if it is not there. */
  async append(topic: string, ...records: readonly PlainRecord[]): Promise<void> {
    const ignore = async (): Promise<void> => {};
    await this.log.admin.create({
      name: topic,
      partitions: 1,
      cleanup: 'compact',
      retention: 'forever',
    });
    const member = await this.log.join(
      { group: 'writer', topics: [], slot: 'writer' },
      { assigned: ignore, revoked: ignore, lost: ignore },
    );
    const transactor = await this.log.transactor('writer');
    const append = { topic, partition: 0, batch: batchOf(...records), records: records.length };
    await transactor.commit({ appends: [append], positions: [] }, member);
  }

  /** All records of partition 0 of a topic. */
  async read(topic: string): Promise<readonly PlainRecord[]> {
    const [fetched] = await this.log.fetch([{ topic, partition: 0, offset: 0 }], {
      maxBytes: 1e9,
      maxBytesPerPartition: 1e9,
    });
    return (fetched?.batches ?? []).flatMap(recordsOf);
  }
}

function partsOf(text: string, schemas: readonly string[]) {
  const files = schemas.map((schema, i) => ({ file: `${i}.avsc`, text: schema }));
  const { catalog } = loadCatalog(files);
  const { graph, problems } = check(definitionOf(text), catalog);
  if (graph === undefined) throw new Error(problems.map(({ message }) => message).join('\n'));
  return { plan: plan(graph), catalog };
}
