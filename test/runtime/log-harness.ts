import { afterEach, beforeEach, expect } from 'vitest';
import type { CompactionOptions } from '../../runtime/log/compaction.ts';
import type {
  Committed,
  FetchLimits,
  Log,
  Membership,
  Ownership,
  TopicInfo,
  TopicSpec,
  Transaction,
  Transactor,
} from '../../runtime/ports.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { batchOf, recordsOf } from './codec/records.ts';
import type { PlainRecord } from './codec/records.ts';

/**
 * One member owns an application; opening a slot fences its last user, for good; the adapter does retention and compaction when the test asks for it.
 */
export type Difference = 'members' | 'slots' | 'upkeep';

/** What the contract needs of an adapter. */
export interface ContractLog extends Log {
  /** One step of retention and compaction; true while there is more. */
  maintain?(nowMs: number): Promise<boolean | void>;
  /** What the adapter does otherwise by its nature, and why; tests of it are skipped with that reason. */
  readonly differs?: { readonly [K in Difference]?: string };
}

export interface ContractOptions {
  readonly clock: Clock;
  readonly compaction: CompactionOptions;
}

/** How long tombstones stay in the logs of the contract. */
export const deleteRetentionMs = 1_000_000;

/** Callbacks that do nothing. */
export const quiet: Ownership = {
  assigned: async () => {},
  revoked: async () => {},
  lost: async () => {},
};

/** Limits that nothing reaches. */
export const wide: FetchLimits = { maxBytes: 1e9, maxBytesPerPartition: 1e9 };

/** Real time, for adapters that look for other processes' records now and then. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * A log for each test, with a topic `orders` of two partitions, a member of the application `shop`
 * and its producer, both with the slot `s0`.
 */
export class LogHarness {
  log!: ContractLog;
  member!: Membership;
  producer!: Transactor;

  constructor(open: (options: ContractOptions) => Promise<ContractLog>) {
    beforeEach(async () => {
      this.log = await open({
        clock: realClock,
        compaction: { minDirtyBytes: 1, minDirtyRatio: 0.5, deleteRetentionMs },
      });
      await this.create('orders', 2);
      this.member = await this.log.join({ group: 'shop', topics: ['orders'], slot: 's0' }, quiet);
      this.producer = await this.log.transactor('s0');
    });
    afterEach(async () => {
      await this.log.close();
    });
  }

  /** Skips the test if the adapter differs in this. */
  needs(what: Difference, skip: (reason: string) => void): void {
    const reason = this.log.differs?.[what];
    if (reason !== undefined) skip(reason);
  }

  create(topic: string, partitions = 1, more: Partial<TopicSpec> = {}): Promise<TopicInfo> {
    const spec = { partitions, cleanup: 'delete', retention: 'forever', ...more } as const;
    return this.log.admin.create({ name: topic, ...spec });
  }

  commit(transaction: Partial<Transaction>): Promise<Committed> {
    return this.producer.commit({ appends: [], positions: [], ...transaction }, this.member);
  }

  append(topic: string, partition: number, ...records: PlainRecord[]): Promise<Committed> {
    const batch = batchOf(...records);
    return this.commit({ appends: [{ topic, partition, batch, records: records.length }] });
  }

  /** Records at and after the offset, each as `offset:key=value`. */
  async read(topic: string, partition: number, offset = 0): Promise<string[]> {
    const [found] = await this.log.fetch([{ topic, partition, offset }], wide);
    return found!.batches
      .flatMap(recordsOf)
      .filter((record) => record.offset >= offset)
      .map((it) => `${it.offset}:${it.key?.toString()}=${it.value?.toString() ?? 'null'}`);
  }

  /** Log start and end of a partition; committed and uncommitted agree where nothing is pending. */
  async ends(topic: string, partition = 0): Promise<readonly [number, number]> {
    const [found] = await this.log.ends([{ topic, partition }], 'committed');
    expect(await this.log.ends([{ topic, partition }], 'uncommitted')).toEqual([found]);
    return [found!.start, found!.end];
  }

  /** Retention and compaction until nothing is left to do. */
  async maintain(nowMs: number): Promise<void> {
    while ((await this.log.maintain?.(nowMs)) === true);
  }
}
