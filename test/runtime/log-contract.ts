import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CompactionOptions } from '../../runtime/log/compaction.ts';
import type {
  FetchLimits,
  Log,
  Membership,
  Ownership,
  Position,
  TopicSpec,
  Transaction,
  Transactor,
} from '../../runtime/ports.ts';
import type { Clock } from '../../topology/core/clock.ts';
import { batchOf, plain, recordsOf } from './codec/records.ts';
import type { PlainRecord } from './codec/records.ts';

/** What the suite needs of an adapter. */
export interface ContractLog extends Log {
  /** One step of retention and compaction; true while there is more. */
  maintain?(nowMs: number): Promise<boolean | void>;
}

export interface ContractOptions {
  readonly clock: Clock;
  readonly compaction: CompactionOptions;
}

const quiet: Ownership = {
  assigned: async () => {},
  revoked: async () => {},
  lost: async () => {},
};

const wide: FetchLimits = { maxBytes: 1e9, maxBytesPerPartition: 1e9 };

/** Real time, for adapters that look for other processes' records now and then. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

/** The contract of the log port. Every adapter runs it. */
export function describeLogContract(
  name: string,
  open: (options: ContractOptions) => Promise<ContractLog>,
): void {
  describe(`${name}: log contract`, () => {
    const deleteRetentionMs = 1_000_000;
    let log: ContractLog;
    let member: Membership;
    let producer: Transactor;

    beforeEach(async () => {
      log = await open({
        clock: realClock,
        compaction: { minDirtyBytes: 1, minDirtyRatio: 0.5, deleteRetentionMs },
      });
      await create('orders', 2);
      member = await log.join({ group: 'shop', topics: ['orders'], slot: 's0' }, quiet);
      producer = await log.transactor('s0');
    });

    afterEach(async () => {
      await log.close();
    });

    function create(topic: string, partitions = 1, more: Partial<TopicSpec> = {}) {
      const spec = { partitions, cleanup: 'delete', retention: 'forever', ...more } as const;
      return log.admin.create({ name: topic, ...spec });
    }

    function commit(transaction: Partial<Transaction>) {
      return producer.commit({ appends: [], positions: [], ...transaction }, member);
    }

    function append(topic: string, partition: number, ...records: PlainRecord[]) {
      const batch = batchOf(...records);
      return commit({ appends: [{ topic, partition, batch, records: records.length }] });
    }

    async function read(topic: string, partition: number, offset = 0): Promise<string[]> {
      const [found] = await log.fetch([{ topic, partition, offset }], wide);
      return found!.batches
        .flatMap(recordsOf)
        .filter((record) => record.offset >= offset)
        .map((it) => `${it.offset}:${it.key?.toString()}=${it.value?.toString() ?? 'null'}`);
    }

    async function ends(topic: string, partition = 0): Promise<readonly [number, number]> {
      const [found] = await log.ends([{ topic, partition }], 'committed');
      return [found!.start, found!.end];
    }

    async function maintain(nowMs: number): Promise<void> {
      while ((await log.maintain?.(nowMs)) === true);
    }

    describe('commit', () => {
      test('gives each append the offset after the one before', async () => {
        expect(await append('orders', 0, plain('a', '1'), plain('b', '2'))).toEqual({
          baseOffsets: [0],
        });
        const again = await commit({
          appends: [
            { topic: 'orders', partition: 0, batch: batchOf(plain('c', '3')), records: 1 },
            { topic: 'orders', partition: 1, batch: batchOf(plain('d', '4')), records: 1 },
            { topic: 'orders', partition: 0, batch: batchOf(plain('e', '5')), records: 1 },
          ],
        });
        expect(again).toEqual({ baseOffsets: [2, 0, 3] });
        expect(await read('orders', 0)).toEqual(['0:a=1', '1:b=2', '2:c=3', '3:e=5']);
        expect(await read('orders', 1)).toEqual(['0:d=4']);
      });

      test('stores positions together with the records', async () => {
        const batch = batchOf(plain('a', '1'));
        const positions = [{ topic: 'orders', partition: 1, offset: 7 }];
        await commit({
          appends: [{ topic: 'orders', partition: 0, batch, records: 1 }],
          positions,
        });
        const asked = [
          { topic: 'orders', partition: 0 },
          { topic: 'orders', partition: 1 },
        ];
        expect(await log.committed('shop', asked)).toEqual(positions);
        expect(await log.committed('other', asked)).toEqual([]);
      });

      test('takes a transaction of positions alone', async () => {
        const positions = [{ topic: 'orders', partition: 0, offset: 3 }];
        expect(await commit({ positions })).toEqual({ baseOffsets: [] });
        expect(await log.committed('shop', [{ topic: 'orders', partition: 0 }])).toEqual(positions);
      });

      test.each<[string, Partial<Transaction>]>([
        [
          'append to an unknown topic',
          { appends: [{ topic: 'no', partition: 0, batch: batchOf(plain('x', 'x')), records: 1 }] },
        ],
        ['position in an unknown topic', { positions: [{ topic: 'no', partition: 0, offset: 1 }] }],
      ])('stores nothing of a transaction with an %s', async (_, bad) => {
        const batch = batchOf(plain('a', '1'));
        const good = {
          appends: [{ topic: 'orders', partition: 0, batch, records: 1 }],
          positions: [{ topic: 'orders', partition: 0, offset: 1 }],
        };
        const both = {
          appends: [...good.appends, ...(bad.appends ?? [])],
          positions: [...good.positions, ...(bad.positions ?? [])],
        };
        await expect(commit(both)).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
        expect(await ends('orders')).toEqual([0, 0]);
        expect(await log.committed('shop', [{ topic: 'orders', partition: 0 }])).toEqual([]);
        expect(await commit(good)).toEqual({ baseOffsets: [0] });
      });

      test('refuses a partition that the topic does not have', async () => {
        await expect(append('orders', 2, plain('a', '1'))).rejects.toMatchObject({
          code: 'PARTITION_UNKNOWN',
          message: 'topic "orders" has no partition 2: it has 2, counted from 0',
        });
      });
    });

    describe('fencing', () => {
      test('refuses a producer whose slot was opened again', async () => {
        await log.transactor('s0');
        await expect(append('orders', 0, plain('a', '1'))).rejects.toMatchObject({
          name: 'TaskMigratedError',
          code: 'FENCED',
        });
        expect(await ends('orders')).toEqual([0, 0]);
      });

      test('lets producers of other slots be', async () => {
        await log.transactor('s1');
        expect(await append('orders', 0, plain('a', '1'))).toEqual({ baseOffsets: [0] });
      });

      test('refuses a closed producer', async () => {
        await producer.close();
        await expect(append('orders', 0, plain('a', '1'))).rejects.toMatchObject({
          code: 'FENCED',
        });
      });

      test('refuses a member that left when the next one is in', async () => {
        await member.leave();
        await log.join({ group: 'shop', topics: ['orders'], slot: 's0' }, quiet);
        await expect(append('orders', 0, plain('a', '1'))).rejects.toMatchObject({
          code: 'FENCED',
        });
      });

      test('refuses a member that left', async () => {
        await member.leave();
        await expect(append('orders', 0, plain('a', '1'))).rejects.toMatchObject({
          code: 'FENCED',
        });
      });
    });

    describe('join', () => {
      test('assigns every partition of the topics before it resolves', async () => {
        await create('stock', 1);
        const seen: unknown[] = [];
        await log.join(
          { group: 'g', topics: ['orders', 'stock'], slot: 's1' },
          {
            ...quiet,
            assigned: async (partitions) => {
              await Promise.resolve();
              seen.push(partitions);
            },
          },
        );
        expect(seen).toEqual([
          [
            { topic: 'orders', partition: 0 },
            { topic: 'orders', partition: 1 },
            { topic: 'stock', partition: 0 },
          ],
        ]);
      });

      test('refuses a second member of the application', async () => {
        await expect(
          log.join({ group: 'shop', topics: ['orders'], slot: 's1' }, quiet),
        ).rejects.toMatchObject({ name: 'ConfigError', code: 'APPLICATION_OWNED' });
      });

      test('refuses an unknown topic', async () => {
        await expect(
          log.join({ group: 'g', topics: ['no'], slot: 's1' }, quiet),
        ).rejects.toMatchObject({
          code: 'TOPIC_UNKNOWN',
          message: 'the log has no topic "no": create it first, or check the name',
        });
      });

      test('lets a member commit while it is revoked, and the next one in after it left', async () => {
        let committed: unknown;
        const options = { group: 'g', topics: ['orders'], slot: 's1' };
        const mine = await log.transactor('s1');
        const leaving: Membership = await log.join(options, {
          ...quiet,
          revoked: async (partitions) => {
            expect(partitions).toHaveLength(2);
            const positions = [{ topic: 'orders', partition: 0, offset: 5 }];
            committed = await mine.commit({ appends: [], positions }, leaving);
          },
        });
        await leaving.leave();
        await leaving.leave();
        expect(committed).toEqual({ baseOffsets: [] });
        const next = await log.join(options, quiet);
        expect(next.generation).toBe(leaving.generation + 1);
        expect(await log.committed('g', [{ topic: 'orders', partition: 0 }])).toEqual([
          { topic: 'orders', partition: 0, offset: 5 },
        ]);
      });
    });

    describe('fetch', () => {
      async function twelve(): Promise<void> {
        for (let i = 0; i < 4; i++) {
          await append('orders', 0, plain(`a${i}`, '1'), plain(`b${i}`, '2'), plain(`c${i}`, '3'));
        }
      }

      test('returns the batch that holds the position and all after it', async () => {
        await twelve();
        for (let offset = 0; offset <= 13; offset++) {
          const [found] = await log.fetch([{ topic: 'orders', partition: 0, offset }], wide);
          const offsets = found!.batches.flatMap(recordsOf).map((record) => record.offset);
          const from = Math.floor(offset / 3) * 3;
          expect(offsets).toEqual(
            Array.from({ length: Math.max(0, 12 - from) }, (_, i) => from + i),
          );
          expect(found!.nextOffset).toBe(Math.max(12, offset));
          expect(found!.endOffset).toBe(12);
        }
      });

      test('returns one batch of each partition however small the limits', async () => {
        await twelve();
        await append('orders', 1, plain('z', '9'));
        const positions = [
          { topic: 'orders', partition: 0, offset: 4 },
          { topic: 'orders', partition: 1, offset: 0 },
        ];
        const found = await log.fetch(positions, { maxBytes: 1, maxBytesPerPartition: 1 });
        expect(found.map((it) => it.batches.length)).toEqual([1, 1]);
        expect(found.map((it) => it.nextOffset)).toEqual([6, 1]);
        expect(found.map((it) => it.endOffset)).toEqual([12, 1]);
      });

      test('stops at the limit of the partition, and of all together', async () => {
        await twelve();
        const size = batchOf(plain('a0', '1'), plain('b0', '2'), plain('c0', '3')).length;
        const count = async (limits: FetchLimits): Promise<number> => {
          const [found] = await log.fetch([{ topic: 'orders', partition: 0, offset: 0 }], limits);
          return found!.batches.length;
        };
        expect(await count({ maxBytes: 1e6, maxBytesPerPartition: size + 1 })).toBe(2);
        expect(await count({ maxBytes: size * 2, maxBytesPerPartition: 1e6 })).toBe(2);
        expect(await count({ maxBytes: size * 2 + 1, maxBytesPerPartition: 1e6 })).toBe(3);
      });

      test('refuses an unknown topic', async () => {
        await expect(
          log.fetch([{ topic: 'no', partition: 0, offset: 0 }], wide),
        ).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
      });
    });

    describe('awaitRecords', () => {
      const here = [{ topic: 'orders', partition: 0, offset: 0 }];

      test('resolves when records come', async () => {
        const waiting = log.awaitRecords(here, 60_000, new AbortController().signal);
        await append('orders', 0, plain('a', '1'));
        await waiting;
      });

      test('resolves at once when records are there', async () => {
        await append('orders', 0, plain('a', '1'));
        await log.awaitRecords(here, 60_000, new AbortController().signal);
      });

      test('resolves when it is aborted, before or meanwhile', async () => {
        await log.awaitRecords(here, 60_000, AbortSignal.abort());
        const abort = new AbortController();
        const waiting = log.awaitRecords(here, 60_000, abort.signal);
        abort.abort();
        await waiting;
      });

      test('resolves when its time is over', async () => {
        await log.awaitRecords(here, 1, new AbortController().signal);
        expect(await ends('orders')).toEqual([0, 0]);
      });
    });

    describe('topics', () => {
      test('are listed by name, with what they are and what they hold', async () => {
        const stock = await create('a-stock', 1, { cleanup: 'compact' });
        expect(stock).toEqual({
          name: 'a-stock',
          partitions: 1,
          cleanup: 'compact',
          retention: 'forever',
          bytes: [0],
        });
        const batch = batchOf(plain('a', '1'));
        await append('orders', 1, plain('a', '1'));
        expect(await log.admin.list()).toEqual([
          stock,
          {
            name: 'orders',
            partitions: 2,
            cleanup: 'delete',
            retention: 'forever',
            bytes: [0, batch.length],
          },
        ]);
      });

      test('are described, or not there', async () => {
        expect(await log.admin.describe('orders')).toMatchObject({ name: 'orders', partitions: 2 });
        expect(await log.admin.describe('no')).toBeUndefined();
      });

      test('stay as they are when they are created again', async () => {
        await append('orders', 0, plain('a', '1'));
        expect(await create('orders', 5)).toMatchObject({ partitions: 2 });
        expect(await ends('orders')).toEqual([0, 1]);
      });

      test.each<[Partial<TopicSpec>, string]>([
        [{ name: 'a b' }, 'topic "a b" has a name that Kafka does not allow'],
        [{ name: '..' }, 'topic ".." has a name that Kafka does not allow'],
        [{ partitions: 0 }, 'topic "new" has 0 partitions: it needs a whole number of at least 1'],
        [{ retention: -1 }, 'topic "new" has a retention of -1: it needs milliseconds'],
      ])('are refused when they cannot be: %o', async (more, message) => {
        const error = expect(create('new', 1, more)).rejects;
        await error.toMatchObject({ code: 'TOPIC_SPEC' });
        await expect(create('new', 1, more)).rejects.toThrow(message);
      });

      test('are altered', async () => {
        await log.admin.alter('orders', { retention: 5, cleanup: 'compact' });
        expect(await log.admin.describe('orders')).toMatchObject({
          retention: 5,
          cleanup: 'compact',
          partitions: 2,
        });
        await expect(log.admin.alter('no', {})).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
      });

      test('lose records and positions when they are deleted, and begin anew', async () => {
        await append('orders', 0, plain('a', '1'));
        await commit({ positions: [{ topic: 'orders', partition: 0, offset: 1 }] });
        await log.admin.delete('orders');
        expect(await log.admin.describe('orders')).toBeUndefined();
        expect(await log.admin.groups()).toEqual([]);
        await create('orders', 2);
        expect(await ends('orders')).toEqual([0, 0]);
        expect(await read('orders', 0)).toEqual([]);
        expect(await log.committed('shop', [{ topic: 'orders', partition: 0 }])).toEqual([]);
        expect(await append('orders', 0, plain('b', '2'))).toEqual({ baseOffsets: [0] });
      });
    });

    describe('deleteRecords', () => {
      const before = (offset: number): Position[] => [{ topic: 'orders', partition: 0, offset }];

      test.each([0, 1, 2, 3, 4])('moves the log start to %d', async (offset) => {
        await append('orders', 0, plain('a', '1'), plain('b', '2'));
        await append('orders', 0, plain('c', '3'), plain('d', '4'));
        await log.admin.deleteRecords(before(offset));
        expect(await ends('orders')).toEqual([offset, 4]);
        const left = ['0:a=1', '1:b=2', '2:c=3', '3:d=4'].slice(offset);
        expect(await read('orders', 0)).toEqual(left);
      });

      test('never moves the log start back', async () => {
        await append('orders', 0, plain('a', '1'), plain('b', '2'));
        await log.admin.deleteRecords(before(2));
        await log.admin.deleteRecords(before(1));
        expect(await ends('orders')).toEqual([2, 2]);
        expect(await append('orders', 0, plain('c', '3'))).toEqual({ baseOffsets: [2] });
      });

      test('frees the bytes of whole batches', async () => {
        await append('orders', 0, plain('a', '1'), plain('b', '2'));
        await append('orders', 0, plain('c', '3'));
        await log.admin.deleteRecords(before(2));
        const rest = batchOf(plain('c', '3')).length;
        expect((await log.admin.describe('orders'))!.bytes).toEqual([rest, 0]);
      });

      test('refuses an offset beyond the end, and then deletes nothing', async () => {
        await append('orders', 0, plain('a', '1'));
        const asked = [...before(1), { topic: 'orders', partition: 1, offset: 1 }];
        await expect(log.admin.deleteRecords(asked)).rejects.toMatchObject({
          code: 'OFFSET_RANGE',
          message: 'offset 1 is beyond the end of orders-1, which is 0',
        });
        expect(await ends('orders')).toEqual([0, 1]);
      });
    });

    describe('positions', () => {
      test('are set and removed while the group has no member', async () => {
        await append('orders', 0, plain('a', '1'), plain('b', '2'));
        const positions = [{ topic: 'orders', partition: 0, offset: 2 }];
        await log.admin.setPositions('reports', positions);
        expect(await log.admin.groups()).toEqual(['reports']);
        expect(await log.committed('reports', positions)).toEqual(positions);
        await log.admin.setPositions('reports', undefined);
        expect(await log.admin.groups()).toEqual([]);
        expect(await log.committed('reports', positions)).toEqual([]);
      });

      test('are not set under a running application', async () => {
        await expect(log.admin.setPositions('shop', undefined)).rejects.toMatchObject({
          code: 'GROUP_ACTIVE',
          message: 'application "shop" is running: stop it before its positions are set',
        });
      });

      test('are not set beyond the end', async () => {
        const positions = [{ topic: 'orders', partition: 0, offset: 1 }];
        await expect(log.admin.setPositions('reports', positions)).rejects.toMatchObject({
          code: 'OFFSET_RANGE',
        });
      });

      test('of a group whose name begins like another stay apart', async () => {
        await log.admin.setPositions('rep', [{ topic: 'orders', partition: 0, offset: 0 }]);
        await log.admin.setPositions('reports', [{ topic: 'orders', partition: 0, offset: 0 }]);
        await log.admin.setPositions('rep', undefined);
        expect(await log.admin.groups()).toEqual(['reports']);
      });
    });

    describe('retention', () => {
      test('drops whole batches older than it, from the beginning', async () => {
        await log.admin.alter('orders', { retention: 100 });
        await append('orders', 0, plain('a', '1', 1_000), plain('b', '2', 1_010));
        await append('orders', 0, plain('c', '3', 1_200));
        await append('orders', 0, plain('d', '4', 1_000));
        await maintain(1_110);
        expect(await ends('orders')).toEqual([0, 4]);
        await maintain(1_111);
        expect(await ends('orders')).toEqual([2, 4]);
        expect(await read('orders', 0)).toEqual(['2:c=3', '3:d=4']);
        await maintain(1_301);
        expect(await ends('orders')).toEqual([4, 4]);
        expect((await log.admin.describe('orders'))!.bytes).toEqual([0, 0]);
      });

      test('drops nothing of a topic that keeps everything', async () => {
        await append('orders', 0, plain('a', '1', 0));
        await maintain(Number.MAX_SAFE_INTEGER);
        expect(await ends('orders')).toEqual([0, 1]);
      });
    });

    describe('compaction', () => {
      beforeEach(async () => {
        await create('table', 1, { cleanup: 'compact' });
      });

      test('keeps the last record of each key, with its offset', async () => {
        await append('table', 0, plain('a', '1'), plain('b', '2'), plain('a', '3'));
        await append('table', 0, plain('b', '4'), plain(null, 'x'), plain('c', '5'));
        await append('table', 0, plain('c', '6'));
        await maintain(0);
        expect(await read('table', 0)).toEqual(['2:a=3', '3:b=4', '4:undefined=x', '6:c=6']);
        expect(await ends('table')).toEqual([0, 7]);
        const [found] = await log.fetch([{ topic: 'table', partition: 0, offset: 4 }], wide);
        expect(found!.nextOffset).toBe(7);
      });

      test('goes on where the pass before ended', async () => {
        await append('table', 0, plain('a', '1'), plain('b', '2'));
        await maintain(0);
        await append('table', 0, plain('a', '3'), plain('c', '4'));
        await maintain(0);
        expect(await read('table', 0)).toEqual(['1:b=2', '2:a=3', '3:c=4']);
      });

      test('goes past offsets that hold nothing any more', async () => {
        await append('table', 0, plain('a', '1'));
        await append('table', 0, plain('a', '2'));
        await append('table', 0, plain('a', '3'));
        await maintain(0);
        const limits = { maxBytes: 1, maxBytesPerPartition: 1 };
        const [found] = await log.fetch([{ topic: 'table', partition: 0, offset: 0 }], limits);
        expect(found!.batches.flatMap(recordsOf).map((it) => it.offset)).toEqual([2]);
        expect(found!.nextOffset).toBe(3);
      });

      test('keeps tombstones for the delete retention after the first pass over them', async () => {
        await append('table', 0, plain('a', '1'), plain('a', null));
        await maintain(5_000);
        expect(await read('table', 0)).toEqual(['1:a=null']);
        await maintain(5_000 + deleteRetentionMs - 1);
        expect(await read('table', 0)).toEqual(['1:a=null']);
        await maintain(5_000 + deleteRetentionMs);
        expect(await read('table', 0)).toEqual([]);
        expect(await ends('table')).toEqual([0, 2]);
      });

      test('leaves topics that are not compacted alone', async () => {
        await append('orders', 0, plain('a', '1'), plain('a', '2'));
        await maintain(0);
        expect(await read('orders', 0)).toEqual(['0:a=1', '1:a=2']);
      });
    });
  });
}
