import { StreamsError } from '../../topology/core/errors.ts';
import { partitionId, type TopicPartition } from '../../topology/core/topic-partition.ts';
import { fenced } from '../log/log-errors.ts';
import type { Committed, Position, Transaction, Transactor } from '../ports.ts';
import type { MemoryMember } from './memory-group.ts';
import type { MemoryPartition } from './memory-partition.ts';

export interface MemoryTransactionsOptions {
  readonly partition: (topic: string, partition: number) => MemoryPartition;
  readonly generation: (group: string) => number;
  readonly store: (group: string, positions: readonly Position[]) => void;
  /** Records became visible. */
  readonly wake: () => void;
  /** A marker takes an offset in each partition of its transaction. */
  readonly markers: boolean;
  /** Runs when everything of a transaction is in the log, before its positions are; if it rejects, the transaction is aborted. */
  readonly produced: (transaction: Transaction) => Promise<void> | undefined;
  /** Runs when its positions are there too, before it ends. */
  readonly prepared: (transaction: Transaction) => Promise<void> | undefined;
}

/** Which markers are held back: of the group's positions and all records, or of the records in some topics. */
export type HeldMarkers = 'all' | ((topic: string) => boolean);

/** A transaction of one producer, from its first record until its markers are written. */
interface Pending {
  readonly slot: string;
  readonly group: string;
  /** Where it has records, as long as their marker is missing. A partition may be there twice. */
  readonly partitions: Set<{ readonly topic: string; readonly log: MemoryPartition }>;
  /** Set once the group has taken its positions. */
  positions: readonly Position[];
  /** How it ends, once that is decided; its markers may come later. */
  outcome: 'open' | 'commit' | 'abort';
}

/**
 * Transactions as Kafka makes them, for groups of several members: records are in the log before they are visible, positions are checked against member and generation
 * (KIP-447), an end is acknowledged before its markers are written.
 */
export class MemoryTransactions {
  private readonly options: MemoryTransactionsOptions;
  private readonly epochs = new Map<string, number>();
  private readonly pending = new Set<Pending>();
  private holding: { readonly group: string; readonly of: HeldMarkers } | undefined;
  private waiters: (() => void)[] = [];

  constructor(options: MemoryTransactionsOptions) {
    this.options = options;
  }

  /** Opens a producer: fences the one before, and aborts what that has left open. */
  transactor(slot: string): Transactor {
    const epoch = this.fence(slot);
    return {
      commit: (transaction, membership) =>
        this.commit(transaction, membership as MemoryMember, { slot, epoch }),
      close: async () => {
        if (this.epochs.get(slot) === epoch) this.fence(slot);
      },
    };
  }

  /**
   * Aborts what the producer of a slot has open, and refuses what it sends from now on: what its successor does, an heir of an expelled member, and the broker
   * when a transaction is open for too long. Gives the new epoch.
   */
  fence(slot: string): number {
    const epoch = (this.epochs.get(slot) ?? 0) + 1;
    this.epochs.set(slot, epoch);
    for (const it of this.pending) {
      if (it.slot !== slot) continue;
      if (it.outcome === 'open') it.outcome = 'abort';
      this.write(it);
    }
    return epoch;
  }

  /**
   * Markers of a group's transactions that end from now on are not written until the function that it gives is called: all of them, or, while the group has
   * the positions, those in some topics.
   */
  holdMarkers(group: string, of: HeldMarkers): () => void {
    this.holding = { group, of };
    return () => {
      this.holding = undefined;
      for (const it of this.pending) if (it.outcome !== 'open') this.write(it);
    };
  }

  /** Resolves when no transaction is pending that has positions of these partitions. */
  async stable(group: string, partitions: readonly TopicPartition[]): Promise<void> {
    const ids = new Set(partitions.map(({ topic, partition }) => partitionId(topic, partition)));
    const touches = (it: Pending): boolean =>
      it.group === group && it.positions.some((at) => ids.has(partitionId(at.topic, at.partition)));
    await this.until(() => ![...this.pending].some(touches));
  }

  private async commit(
    transaction: Transaction,
    member: MemoryMember,
    producer: { readonly slot: string; readonly epoch: number },
  ): Promise<Committed> {
    const { slot, epoch } = producer;
    // A member that is expelled and joins anew meanwhile must not end what it began before: others may have had its tasks in between.
    const { memberId } = member;
    const { partition, produced, prepared } = this.options;
    const check = (): void => {
      if (member.gone) throw aborted('its process has died');
      if (this.epochs.get(slot) === epoch) return;
      throw fenced(member.group, `transactional producer "${slot}" was opened again`);
    };
    check();
    // The producer's last transaction must have its markers before the next one begins.
    await this.until(() => ![...this.pending].some((it) => it.slot === slot));
    check();
    const targets = transaction.appends.map((it) => partition(it.topic, it.partition));
    for (const { topic, partition: number } of transaction.positions) partition(topic, number);
    const topics = transaction.appends.map(({ topic }) => topic);
    const pending: Pending = {
      slot,
      group: member.group,
      partitions: new Set(targets.map((log, i) => ({ topic: topics[i] as string, log }))),
      positions: [],
      outcome: 'open',
    };
    this.pending.add(pending);
    const baseOffsets = transaction.appends.map(({ batch }, i) =>
      (targets[i] as MemoryPartition).appendUndecided(batch, pending),
    );
    try {
      await produced(transaction);
      check();
      await this.admit(transaction, member, memberId);
      check();
      pending.positions = transaction.positions;
      await prepared(transaction);
      check();
    } catch (error) {
      // A process that has died aborts nothing.
      if (!member.gone) {
        if (pending.outcome === 'open') pending.outcome = 'abort';
        this.write(pending);
      }
      throw error;
    }
    pending.outcome = 'commit';
    const { holding } = this;
    if (holding?.group !== pending.group) this.write(pending);
    else if (holding.of !== 'all') this.writeBut(pending, holding.of);
    return { baseOffsets };
  }

  /** The group takes positions of a member of its present generation only. A member that is about to learn of a new one waits for that. */
  private async admit(
    { positions }: Transaction,
    member: MemoryMember,
    memberId: string,
  ): Promise<void> {
    for (;;) {
      if (!member.present) {
        member.expelled();
        throw aborted(`member "${memberId}" is not in the group any more`);
      }
      if (member.memberId !== memberId || !positions.every((at) => member.owns(at))) {
        throw aborted(`member "${memberId}" has lost partitions of it`);
      }
      if (member.generation === this.options.generation(member.group)) return;
      await member.settled();
    }
  }

  private write(pending: Pending): void {
    if (!this.pending.delete(pending)) return;
    const outcome = pending.outcome === 'commit' ? 'commit' : 'abort';
    const { markers, wake } = this.options;
    for (const { log } of pending.partitions) log.decide(pending, outcome, markers);
    this.writePositions(pending);
    wake();
  }

  /** Writes the group's marker, and those of topics that are not held. */
  private writeBut(pending: Pending, isHeld: (topic: string) => boolean): void {
    for (const at of pending.partitions) {
      if (isHeld(at.topic)) continue;
      pending.partitions.delete(at);
      at.log.decide(pending, 'commit', this.options.markers);
    }
    this.writePositions(pending);
    this.options.wake();
  }

  private writePositions(pending: Pending): void {
    const { outcome, group, positions } = pending;
    if (outcome === 'commit') this.options.store(group, positions);
    pending.positions = [];
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.waiters.push(resolve);
      });
    }
  }
}

function aborted(why: string): StreamsError {
  return new StreamsError('TRANSACTION_ABORTED', `the transaction was aborted: ${why}`);
}
