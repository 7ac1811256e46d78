import { join } from 'node:path';
import { isStreamsError } from '../../topology/core/errors.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { plan } from '../../topology/plan/planner.ts';
import type { SyncMode } from '../embedded/durability.ts';
import { openEmbeddedLog } from '../embedded/embedded-log.ts';
import { SchemaCache, strategiesOf } from '../engine/schema-cache.ts';
import { Serdes } from '../engine/serdes.ts';
import { closeAll } from './close-all.ts';
import { ensureTopics } from './ensure-topics.ts';
import { NamedTopics, type SentRecord, type TopicRecord } from './named-topics.ts';
import { checkRegistry, openRegistry } from './open-registry.ts';
import type { RegistryChoice } from './runner-file-registry.ts';
import { systemClock } from './system-clock.ts';
import { checkedGraph, readTopology } from './topology-source.ts';

export interface OpenTopicsOptions {
  /** Topology file whose streams and tables are to be written and read. */
  readonly topology: string;
  /** Data folder of the embedded log. @defaultValue .millrace/data */
  readonly data?: string;
  /** When commits are forced to the disk. @defaultValue 'commit' */
  readonly sync?: SyncMode;
  /** The schema registry that the application uses. @defaultValue the log's own */
  readonly registry?: Pick<RegistryChoice, 'url'>;
}

/** Streams and tables of a topology file, to be written and read by a program. Get one from {@link openTopics}. */
export class Topics {
  private readonly topics: NamedTopics;
  private readonly release: () => Promise<void>;

  constructor(topics: NamedTopics, release: () => Promise<void>) {
    this.topics = topics;
    this.release = release;
  }

  /**
   * Appends records to a stream or table, all or none; a record goes to the partition that Kafka would choose for its key.
   * @throws {SerdeError} when a key or value does not fit its type
   * @throws {ConfigError} TOPIC_UNKNOWN
   */
  async send(stream: string, ...records: readonly SentRecord[]): Promise<void> {
    await this.topics.send(stream, records);
  }

  /** Committed records of a stream, table or topic since the last read of it here, by partition, then offset. */
  read(name: string): Promise<readonly TopicRecord[]> {
    return this.topics.read(name);
  }

  async close(): Promise<void> {
    try {
      await this.topics.close();
    } finally {
      await this.release();
    }
  }
}

/**
 * Opens the streams and tables of a topology file in a data folder, and creates the topics that are
 * missing. The application itself may run meanwhile, here or in another process.
 *
 * **Example**
 * ```ts
 * const topics = await openTopics({ topology: 'words.yaml' });
 * await topics.send('words', { key: 'a', value: 'hello' });
 * await topics.close();
 * ```
 * @throws {TopologyError} when the file has problems
 * @throws {ConfigError} when topics do not fit the file; OPTION_REGISTRY
 * @throws {StorageError} when the folder cannot be read or written
 */
export async function openTopics(options: OpenTopicsOptions): Promise<Topics> {
  const topology = readTopology(options.topology);
  const graph = checkedGraph(topology);
  checkRegistry(options.registry);
  const log = await openEmbeddedLog({
    folder: options.data ?? join('.millrace', 'data'),
    clock: systemClock,
    sync: options.sync ?? 'commit',
  });
  const opened = openRegistry(log.registry, options.registry);
  const release = (): Promise<void> => closeAll([() => log.close(), () => opened.close()]);
  try {
    const present = new Map(
      (await log.admin.list()).map(({ name, partitions }) => [name, partitions]),
    );
    const made = plan(graph, { partitionsOf: (topic) => present.get(topic) });
    const partitions = await ensureTopics(withoutNewStores(made, present), log);
    const serdes = new Serdes(
      topology.catalog,
      new SchemaCache(opened.registry, systemClock, strategiesOf(made)),
      (topic) => made.topics.get(topic)?.internal === false,
    );
    const parts = { plan: made, definition: graph.definition, log, clock: systemClock };
    const named = await openAsFreeClient((client) =>
      NamedTopics.open({ ...parts, serdes, partitions, client }),
    );
    return new Topics(named, release);
  } catch (error) {
    // The first error is what matters.
    await release().catch(() => {});
    throw error;
  }
}

/** What is missing of stores is the application's to make: it alone knows what it has run with. */
function withoutNewStores(made: Plan, present: ReadonlyMap<string, number>): Plan {
  const topics = [...made.topics].filter(
    ([name, { role }]) => role !== 'changelog' || present.has(name),
  );
  return { ...made, topics: new Map(topics), stores: new Map() };
}

/** Names of clients are used again by later processes, so that the log keeps few of them. */
async function openAsFreeClient<T>(open: (client: string) => Promise<T>): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await open(`client-${process.pid}-${number}`);
    } catch (error) {
      if (!isStreamsError(error) || error.code !== 'APPLICATION_OWNED') throw error;
    }
  }
}
