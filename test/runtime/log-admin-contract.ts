import { beforeEach, describe, expect, test } from 'vitest';
import type { Position, TopicSpec } from '../../runtime/ports.ts';
import { batchOf, plain, recordsOf } from './codec/records.ts';
import { deleteRetentionMs, LogHarness, wide } from './log-harness.ts';
import type { ContractLog, ContractOptions } from './log-harness.ts';

/** Topics, positions, retention and compaction: the part of the log's contract about upkeep. */
export function describeAdminContract(
  name: string,
  open: (options: ContractOptions) => Promise<ContractLog>,
): void {
  describe(`${name}: log upkeep contract`, () => {
    const it = new LogHarness(open);

    describe('topics', () => {
      test('are listed by name, with what they are and what they hold', async () => {
        const stock = await it.create('a-stock', 1, { cleanup: 'compact' });
        expect(stock).toEqual({
          name: 'a-stock',
          partitions: 1,
          cleanup: 'compact',
          retention: 'forever',
          bytes: [0],
        });
        const batch = batchOf(plain('a', '1'));
        await it.append('orders', 1, plain('a', '1'));
        expect(await it.log.admin.list()).toEqual([
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
        expect(await it.log.admin.describe('orders')).toMatchObject({
          name: 'orders',
          partitions: 2,
        });
        expect(await it.log.admin.describe('no')).toBeUndefined();
      });

      test('stay as they are when they are created again', async () => {
        await it.append('orders', 0, plain('a', '1'));
        expect(await it.create('orders', 5)).toMatchObject({ partitions: 2 });
        expect(await it.ends('orders')).toEqual([0, 1]);
      });

      test.each<[Partial<TopicSpec>, string]>([
        [{ name: 'a b' }, 'topic "a b" has a name that Kafka does not allow'],
        [{ name: '..' }, 'topic ".." has a name that Kafka does not allow'],
        [{ partitions: 0 }, 'topic "new" has 0 partitions: it needs a whole number of at least 1'],
        [{ retention: -1 }, 'topic "new" has a retention of -1: it needs milliseconds'],
      ])('are refused when they cannot be: %o', async (more, message) => {
        const error = expect(it.create('new', 1, more)).rejects;
        await error.toMatchObject({ code: 'TOPIC_SPEC' });
        await expect(it.create('new', 1, more)).rejects.toThrow(message);
      });

      test('are altered', async () => {
        await it.log.admin.alter('orders', { retention: 5, cleanup: 'compact' });
        expect(await it.log.admin.describe('orders')).toMatchObject({
          retention: 5,
          cleanup: 'compact',
          partitions: 2,
        });
        await expect(it.log.admin.alter('no', {})).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
      });

      test('lose records and positions when they are deleted, and begin anew', async () => {
        await it.append('orders', 0, plain('a', '1'));
        await it.commit({ positions: [{ topic: 'orders', partition: 0, offset: 1 }] });
        const at = [{ topic: 'orders', partition: 0 }];
        const id = async (): Promise<string | undefined> =>
          (await it.log.ends(at, 'committed'))[0]?.topicId;
        const before = await id();
        await it.log.admin.delete('orders');
        expect(await it.log.admin.describe('orders')).toBeUndefined();
        expect(await it.log.admin.groups()).toEqual([]);
        await it.create('orders', 2);
        expect(before).toBeTypeOf('string');
        expect(await id()).not.toBe(before);
        expect(await id()).toBe(await id());
        expect(await it.ends('orders')).toEqual([0, 0]);
        expect(await it.read('orders', 0)).toEqual([]);
        expect(await it.log.committed('shop', [{ topic: 'orders', partition: 0 }])).toEqual([]);
        expect(await it.append('orders', 0, plain('b', '2'))).toEqual({ baseOffsets: [0] });
      });
    });

    describe('deleteRecords', () => {
      const before = (offset: number): Position[] => [{ topic: 'orders', partition: 0, offset }];

      test.each([0, 1, 2, 3, 4])('moves the log start to %d', async (offset) => {
        await it.append('orders', 0, plain('a', '1'), plain('b', '2'));
        await it.append('orders', 0, plain('c', '3'), plain('d', '4'));
        await it.log.admin.deleteRecords(before(offset));
        expect(await it.ends('orders')).toEqual([offset, 4]);
        const limits = { maxBytes: 1000, maxBytesPerPartition: 1000 };
        const [found] = await it.log.fetch(before(0), limits);
        expect(found!.startOffset).toBe(offset);
        const left = ['0:a=1', '1:b=2', '2:c=3', '3:d=4'].slice(offset);
        expect(await it.read('orders', 0)).toEqual(left);
      });

      test('never moves the log start back', async () => {
        await it.append('orders', 0, plain('a', '1'), plain('b', '2'));
        await it.log.admin.deleteRecords(before(2));
        await it.log.admin.deleteRecords(before(1));
        expect(await it.ends('orders')).toEqual([2, 2]);
        expect(await it.append('orders', 0, plain('c', '3'))).toEqual({ baseOffsets: [2] });
      });

      test('frees the bytes of whole batches', async ({ skip }) => {
        it.needs('upkeep', skip);
        await it.append('orders', 0, plain('a', '1'), plain('b', '2'));
        await it.append('orders', 0, plain('c', '3'));
        await it.log.admin.deleteRecords(before(2));
        const rest = batchOf(plain('c', '3')).length;
        expect((await it.log.admin.describe('orders'))!.bytes).toEqual([rest, 0]);
      });

      test('refuses an offset beyond the end, and then deletes nothing', async () => {
        await it.append('orders', 0, plain('a', '1'));
        const asked = [...before(1), { topic: 'orders', partition: 1, offset: 1 }];
        await expect(it.log.admin.deleteRecords(asked)).rejects.toMatchObject({
          code: 'OFFSET_RANGE',
          message: 'offset 1 is beyond the end of orders-1, which is 0',
        });
        expect(await it.ends('orders')).toEqual([0, 1]);
      });
    });

    describe('positions', () => {
      test('are set and removed while the group has no member', async () => {
        await it.append('orders', 0, plain('a', '1'), plain('b', '2'));
        const positions = [{ topic: 'orders', partition: 0, offset: 2 }];
        await it.log.admin.setPositions('reports', positions);
        expect(await it.log.admin.groups()).toEqual(['reports']);
        expect(await it.log.committed('reports', positions)).toEqual(positions);
        await it.log.admin.setPositions('reports', undefined);
        expect(await it.log.admin.groups()).toEqual([]);
        expect(await it.log.committed('reports', positions)).toEqual([]);
      });

      test('are not set under a running application', async () => {
        await expect(it.log.admin.setPositions('shop', undefined)).rejects.toMatchObject({
          code: 'GROUP_ACTIVE',
          message: 'application "shop" is running: stop it before its positions are set',
        });
      });

      test('are not set beyond the end', async () => {
        const positions = [{ topic: 'orders', partition: 0, offset: 1 }];
        await expect(it.log.admin.setPositions('reports', positions)).rejects.toMatchObject({
          code: 'OFFSET_RANGE',
        });
      });

      test('of a group whose name begins like another stay apart', async () => {
        await it.log.admin.setPositions('rep', [{ topic: 'orders', partition: 0, offset: 0 }]);
        await it.log.admin.setPositions('reports', [{ topic: 'orders', partition: 0, offset: 0 }]);
        await it.log.admin.setPositions('rep', undefined);
        expect(await it.log.admin.groups()).toEqual(['reports']);
      });
    });

    describe('retention', () => {
      beforeEach(({ skip }) => it.needs('upkeep', skip));

      test('drops whole batches older than it, from the beginning', async () => {
        await it.log.admin.alter('orders', { retention: 100 });
        await it.append('orders', 0, plain('a', '1', 1_000), plain('b', '2', 1_010));
        await it.append('orders', 0, plain('c', '3', 1_200));
        await it.append('orders', 0, plain('d', '4', 1_000));
        await it.maintain(1_110);
        expect(await it.ends('orders')).toEqual([0, 4]);
        await it.maintain(1_111);
        expect(await it.ends('orders')).toEqual([2, 4]);
        expect(await it.read('orders', 0)).toEqual(['2:c=3', '3:d=4']);
        await it.maintain(1_301);
        expect(await it.ends('orders')).toEqual([4, 4]);
        expect((await it.log.admin.describe('orders'))!.bytes).toEqual([0, 0]);
      });

      test('drops nothing of a topic that keeps everything', async () => {
        await it.append('orders', 0, plain('a', '1', 0));
        await it.maintain(Number.MAX_SAFE_INTEGER);
        expect(await it.ends('orders')).toEqual([0, 1]);
      });
    });

    describe('compaction', () => {
      beforeEach(async ({ skip }) => {
        it.needs('upkeep', skip);
        await it.create('table', 1, { cleanup: 'compact' });
      });

      test('keeps the last record of each key, with its offset', async () => {
        await it.append('table', 0, plain('a', '1'), plain('b', '2'), plain('a', '3'));
        await it.append('table', 0, plain('b', '4'), plain(null, 'x'), plain('c', '5'));
        await it.append('table', 0, plain('c', '6'));
        await it.maintain(0);
        expect(await it.read('table', 0)).toEqual(['2:a=3', '3:b=4', '4:undefined=x', '6:c=6']);
        expect(await it.ends('table')).toEqual([0, 7]);
        const [found] = await it.log.fetch([{ topic: 'table', partition: 0, offset: 4 }], wide);
        expect(found!.nextOffset).toBe(7);
      });

      test('goes on where the pass before ended', async () => {
        await it.append('table', 0, plain('a', '1'), plain('b', '2'));
        await it.maintain(0);
        await it.append('table', 0, plain('a', '3'), plain('c', '4'));
        await it.maintain(0);
        expect(await it.read('table', 0)).toEqual(['1:b=2', '2:a=3', '3:c=4']);
      });

      test('goes past offsets that hold nothing any more', async () => {
        await it.append('table', 0, plain('a', '1'));
        await it.append('table', 0, plain('a', '2'));
        await it.append('table', 0, plain('a', '3'));
        await it.maintain(0);
        const limits = { maxBytes: 1, maxBytesPerPartition: 1 };
        const [found] = await it.log.fetch([{ topic: 'table', partition: 0, offset: 0 }], limits);
        expect(found!.batches.flatMap(recordsOf).map((it) => it.offset)).toEqual([2]);
        expect(found!.nextOffset).toBe(3);
      });

      test('keeps tombstones for the delete retention after the first pass over them', async () => {
        await it.append('table', 0, plain('a', '1'), plain('a', null));
        await it.maintain(5_000);
        expect(await it.read('table', 0)).toEqual(['1:a=null']);
        await it.maintain(5_000 + deleteRetentionMs - 1);
        expect(await it.read('table', 0)).toEqual(['1:a=null']);
        await it.maintain(5_000 + deleteRetentionMs);
        expect(await it.read('table', 0)).toEqual([]);
        expect(await it.ends('table')).toEqual([0, 2]);
      });

      test('leaves topics that are not compacted alone', async () => {
        await it.append('orders', 0, plain('a', '1'), plain('a', '2'));
        await it.maintain(0);
        expect(await it.read('orders', 0)).toEqual(['0:a=1', '1:a=2']);
      });
    });
  });
}
