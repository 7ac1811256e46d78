import { StorageError } from '../../topology/core/errors.ts';
import type { Clock } from '../../topology/core/clock.ts';
import type { TopicPartition } from '../../topology/core/topic-partition.ts';
import { assignBaseOffset, batchLastOffset } from '../codec/batch-header.ts';
import { defaultCompaction } from '../log/compaction.ts';
import type { CompactionOptions } from '../log/compaction.ts';
import { fenced } from '../log/log-errors.ts';
import type { MappedBudget } from '../mapped/mapped-budget.ts';
import { inspectFile } from '../mapped/tree-inspection.ts';
import type {
  Committed,
  FetchedPartition,
  FetchLimits,
  GroupOptions,
  Log,
  Membership,
  Ownership,
  PartitionEnds,
  Position,
  TopicAdmin,
  Transaction,
  Transactor,
} from '../ports.ts';
import { readBatches } from './batches.ts';
import { cleaningOf } from './compactor.ts';
import { Durability } from './durability.ts';
import type { SyncMode } from './durability.ts';
import { EmbeddedAdmin, storePosition } from './embedded-admin.ts';
import type { StoredRegistry } from '../registry/stored-registry.ts';
import { EmbeddedRegistry } from './embedded-registry.ts';
import { dataFile, Environment, guarded, logCorrupt } from './environment.ts';
import { Flusher } from './flusher.ts';
import { batchKey, namedKey, positionKey } from './keys.ts';
import { dataLayout } from './layout.ts';
import type { DataLayout } from './layout.ts';
import { Maintenance } from './maintenance.ts';
import type { Mark } from './mark-file.ts';
import { Owners } from './ownership.ts';
import { abandonEntry, enterLog, leaveLog, settleEntry } from './recovery.ts';
import type { Entry } from './recovery.ts';
import { Topics } from './topics.ts';
import type { PartitionState } from './topics.ts';
import { Waiters } from './waiters.ts';

/** How an embedded log is opened. */
export interface EmbeddedLogOptions {
  /** The data folder; the log lies in its sub-folder `log`. */
  readonly folder: string;
  readonly clock: Clock;
  /** @defaultValue 'commit' */
  readonly sync?: SyncMode;
  /** False: it is an error if there is no log in the folder. @defaultValue true */
  readonly create?: boolean;
  /**
   * The record batches of all topics may take so many bytes; a commit that needs more is refused
   * with LOG_FULL. The file is some per cent larger. @defaultValue no limit but the disk
   */
  readonly maxBytes?: number;
  /** @defaultValue {@link defaultCompaction} */
  readonly compaction?: Partial<CompactionOptions>;
  /** How much of the log's file may be resident in this process. @defaultValue 32 MiB */
  readonly budget?: MappedBudget;
}

/**
 * Opens the log of a data folder, or creates it. Several processes may have it open.
 * @throws {ConfigError} LOG_MISSING
 * @throws {StorageError} LOG_FOREIGN, LOG_VERSION, LOG_CORRUPT, LOG_FULL, LOG_IO
 */
export async function openEmbeddedLog(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
  const layout = dataLayout(options.folder);
  const sync = options.sync ?? 'commit';
  const entry = enterLog(layout, { ahead: sync !== 'commit', create: options.create ?? true });
  let environment: Environment | undefined;
  let flusher: Flusher | undefined;
  try {
    environment = new Environment(layout.records, 'no-sync');
    const place = {
      dataFile: dataFile(layout.records),
      marksFolder: layout.marks,
      id: entry.id,
    };
    flusher = new Flusher(environment, place, options.budget);
    const mark = flusher.flushNow();
    settleEntry(layout, entry, isSound(layout, entry, mark));
    return new EmbeddedLog({ layout, entry, environment, flusher }, { ...options, sync });
  } catch (error) {
    flusher?.close();
    await environment?.close();
    try {
      abandonEntry(layout, entry);
    } catch {
      // The row of this process stays; nobody is misled when it is gone.
    }
    await entry.control.close();
    throw error;
  }
}

/**
 * Looks at the records file as far as that is due: so far LMDB has read its head only. True when
 * all of it was looked at.
 * @throws {StorageError} LOG_CORRUPT
 */
function isSound(layout: DataLayout, { maxPages }: Entry, mark: Mark): boolean {
  if (maxPages === 0) return false;
  const file = dataFile(layout.records);
  const { damage, whole } = guarded(layout.log, () =>
    inspectFile(file, { head: mark.headPages, maxPages }),
  );
  if (damage !== undefined) throw logCorrupt(layout.log, damage);
  return whole;
}

interface Opened {
  readonly layout: DataLayout;
  readonly entry: Entry;
  readonly environment: Environment;
  readonly flusher: Flusher;
}

/**
 * A durable log in one LMDB environment: record batches in Kafka's format, topics, group positions
 * and schemas. A commit is one LMDB transaction, so it is there whole or not at all, and readers
 * never see a part of it. Open it with {@link openEmbeddedLog}.
 */
export class EmbeddedLog implements Log {
  readonly admin: TopicAdmin;
  readonly registry: StoredRegistry;
  readonly incarnation: string;
  private readonly opened: Opened;
  private readonly environment: Environment;
  private readonly clock: Clock;
  private readonly maxBytes: number;
  private readonly topics: Topics;
  private readonly owners: Owners;
  private readonly durability: Durability;
  private readonly maintenance: Maintenance;
  private readonly waiters: Waiters;
  private readonly members = new Map<string, string>();
  private joins = 0;

  constructor(opened: Opened, options: EmbeddedLogOptions & { readonly sync: SyncMode }) {
    const { environment, flusher, entry } = opened;
    this.opened = opened;
    this.environment = environment;
    this.clock = options.clock;
    this.maxBytes = options.maxBytes ?? Infinity;
    this.incarnation = entry.incarnation;
    this.topics = new Topics(environment);
    this.owners = new Owners(environment);
    this.durability = new Durability(flusher, options.sync, options.clock);
    this.maintenance = new Maintenance(environment, this.topics, {
      ...defaultCompaction,
      ...options.compaction,
    });
    this.waiters = new Waiters(options.clock);
    this.admin = new EmbeddedAdmin(environment, this.topics, this.owners, this.durability);
    this.registry = new EmbeddedRegistry(environment, this.durability);
  }

  /**
   * Assigns all partitions before it resolves.
   * @throws {ConfigError} APPLICATION_OWNED, TOPIC_UNKNOWN
   */
  async join(options: GroupOptions, ownership: Ownership): Promise<Membership> {
    const { group, slot } = options;
    this.environment.refresh();
    const partitions: TopicPartition[] = options.topics.flatMap((topic) =>
      Array.from({ length: this.topics.get(topic).partitions }, (_, partition) => ({
        topic,
        partition,
      })),
    );
    const memberId = `${slot}-${this.opened.entry.id}-${this.joins++}`;
    const generation = this.owners.take(group, memberId, this.clock.now());
    this.members.set(memberId, group);
    const release = async (): Promise<void> => {
      this.members.delete(memberId);
      this.owners.release(group, memberId);
      await this.durability.settle();
    };
    try {
      await this.durability.settle();
      await ownership.assigned(partitions);
    } catch (error) {
      await release();
      throw error;
    }
    return {
      group,
      memberId,
      generation,
      leave: async () => {
        if (!this.members.has(memberId)) return;
        await ownership.revoked(partitions);
        await release();
      },
    };
  }

  /** Batches are copies, their CRC is checked. */
  async fetch(
    positions: readonly Position[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    await this.durability.advance();
    this.environment.refresh();
    let left = limits.maxBytes;
    return positions.map(({ topic, partition, offset }) => {
      const { id, state } = this.topics.partition(topic, partition);
      const maxBytes = Math.min(left, limits.maxBytesPerPartition);
      const place = { topic, partition, id, offset };
      const { batches, nextOffset, bytes } = readBatches(this.environment, place, state, maxBytes);
      left -= bytes;
      const { start: startOffset, end: endOffset } = state;
      return { topic, partition, batches, nextOffset, startOffset, endOffset };
    });
  }

  async awaitRecords(
    positions: readonly Position[],
    maxWaitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const ready = (): boolean => {
      this.environment.refresh();
      return positions.some(
        ({ topic, partition, offset }) =>
          this.topics.partition(topic, partition).state.end > offset,
      );
    };
    await this.waiters.wait(ready, maxWaitMs, signal);
  }

  async transactor(slot: string): Promise<Transactor> {
    const key = namedKey('slot', slot);
    const epochOf = (): number => this.environment.get(key)?.readDoubleBE(0) ?? 0;
    const raise = (from: number): void => {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeDoubleBE(from + 1, 0);
      this.environment.put(key, bytes);
    };
    const epoch = this.environment.write(() => {
      raise(epochOf());
      return epochOf();
    });
    return {
      commit: async (transaction, membership) => {
        const baseOffsets = this.environment.write(() => {
          if (epochOf() !== epoch) {
            throw fenced(membership.group, `transactional producer "${slot}" was opened again`);
          }
          this.owners.check(membership.group, membership.memberId);
          return this.apply(transaction, membership.group);
        });
        this.waiters.wake();
        await this.durability.settle();
        return { baseOffsets } satisfies Committed;
      },
      close: async () => {
        this.environment.write(() => {
          if (epochOf() === epoch) raise(epoch);
        });
      },
    };
  }

  async committed(
    group: string,
    partitions: readonly TopicPartition[],
  ): Promise<readonly Position[]> {
    this.environment.refresh();
    return partitions.flatMap(({ topic, partition }) => {
      const { id } = this.topics.partition(topic, partition);
      const bytes = this.environment.get(positionKey(group, id, partition));
      return bytes === undefined ? [] : [{ topic, partition, offset: bytes.readDoubleBE(0) }];
    });
  }

  async ends(partitions: readonly TopicPartition[]): Promise<readonly PartitionEnds[]> {
    this.environment.refresh();
    return partitions.map(({ topic, partition }) => {
      const { id, state } = this.topics.partition(topic, partition);
      const { start, end } = state;
      const { tombstonesFrom = 0 } = cleaningOf(this.environment, id, partition);
      return { topic, partition, start, end, tombstonesFrom, topicId: String(id) };
    });
  }

  /** The live process that runs the application; undefined: none does. */
  owner(group: string): { readonly pid: number; readonly sinceMs: number } | undefined {
    this.environment.refresh();
    return this.owners.holder(group);
  }

  /**
   * Does a bounded piece of retention and compaction. True: there is more to do.
   * @throws {StorageError} LOG_FULL, LOG_CORRUPT
   */
  async maintain(nowMs: number = this.clock.now()): Promise<boolean> {
    await this.durability.advance();
    this.environment.clearDeadReaders();
    const worked = this.maintenance.step(nowMs);
    if (worked) await this.durability.settle();
    return worked;
  }

  /** Flushes, gives up what this process owns, and closes. */
  async close(): Promise<void> {
    const { layout, entry, flusher } = this.opened;
    try {
      try {
        await this.giveUp();
      } finally {
        flusher.close();
        await this.environment.close();
      }
      leaveLog(layout, entry);
    } finally {
      await entry.control.close();
    }
  }

  /** A disk that is full takes nothing any more: what is left is closed all the same. */
  private async giveUp(): Promise<void> {
    try {
      for (const [memberId, group] of this.members) this.owners.release(group, memberId);
      this.members.clear();
    } finally {
      await this.durability.close();
    }
  }

  private apply(transaction: Transaction, group: string): readonly number[] {
    const states = new Map<string, { id: number; partition: number; state: PartitionState }>();
    let added = 0;
    const baseOffsets = transaction.appends.map(({ topic, partition, batch }) => {
      const name = `${topic}/${partition}`;
      let target = states.get(name);
      if (target === undefined) {
        target = { ...this.topics.partition(topic, partition), partition };
        states.set(name, target);
      }
      const { id, state } = target;
      const base = state.end;
      assignBaseOffset(batch, base);
      this.environment.put(batchKey(id, partition, base), batch);
      state.end = batchLastOffset(batch) + 1;
      state.bytes += batch.length;
      state.dirtyBytes += batch.length;
      added += batch.length;
      return base;
    });
    if (this.maxBytes !== Infinity) this.checkRoom(added);
    for (const { id, partition, state } of states.values()) {
      this.topics.storeState(id, partition, state);
    }
    for (const position of transaction.positions) {
      const { id } = this.topics.partition(position.topic, position.partition);
      storePosition(this.environment, group, id, position);
    }
    return baseOffsets;
  }

  private checkRoom(added: number): void {
    const used = this.topics.totalBytes();
    if (used + added <= this.maxBytes) return;
    throw new StorageError(
      'LOG_FULL',
      `the log in "${this.opened.layout.log}" holds ${used} bytes of at most ${this.maxBytes} ` +
        `and a transaction needs ${added} more: nothing of it was stored, all before it is safe. ` +
        'Give topics a retention, delete records, or raise the limit',
    );
  }
}
