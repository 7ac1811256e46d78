import { describe, expect, test } from 'vitest';
import type { FetchLimits, Membership, Transaction } from '../../runtime/ports.ts';
import { batchOf, plain, recordsOf } from './codec/records.ts';
import { describeAdminContract } from './log-admin-contract.ts';
import { LogHarness, quiet, wide } from './log-harness.ts';
import type { ContractLog, ContractOptions } from './log-harness.ts';

/** The contract of the log port. Every adapter runs it. */
export function describeLogContract(
  name: string,
  open: (options: ContractOptions) => Promise<ContractLog>,
): void {
  describe(`${name}: log contract`, () => {
    const it = new LogHarness(open);

    describe('commit', () => {
      test('gives each append the offset after the one before', async () => {
        expect(await it.append('orders', 0, plain('a', '1'), plain('b', '2'))).toEqual({
          baseOffsets: [0],
        });
        const again = await it.commit({
          appends: [
            { topic: 'orders', partition: 0, batch: batchOf(plain('c', '3')), records: 1 },
            { topic: 'orders', partition: 1, batch: batchOf(plain('d', '4')), records: 1 },
            { topic: 'orders', partition: 0, batch: batchOf(plain('e', '5')), records: 1 },
          ],
        });
        expect(again).toEqual({ baseOffsets: [2, 0, 3] });
        expect(await it.read('orders', 0)).toEqual(['0:a=1', '1:b=2', '2:c=3', '3:e=5']);
        expect(await it.read('orders', 1)).toEqual(['0:d=4']);
      });

      test('stores positions together with the records', async () => {
        const batch = batchOf(plain('a', '1'));
        const positions = [{ topic: 'orders', partition: 1, offset: 7 }];
        await it.commit({
          appends: [{ topic: 'orders', partition: 0, batch, records: 1 }],
          positions,
        });
        const asked = [
          { topic: 'orders', partition: 0 },
          { topic: 'orders', partition: 1 },
        ];
        expect(await it.log.committed('shop', asked)).toEqual(positions);
        expect(await it.log.committed('other', asked)).toEqual([]);
      });

      test('takes a transaction of positions alone', async () => {
        const positions = [{ topic: 'orders', partition: 0, offset: 3 }];
        expect(await it.commit({ positions })).toEqual({ baseOffsets: [] });
        expect(await it.log.committed('shop', [{ topic: 'orders', partition: 0 }])).toEqual(
          positions,
        );
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
        await expect(it.commit(both)).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
        expect(await it.ends('orders')).toEqual([0, 0]);
        expect(await it.log.committed('shop', [{ topic: 'orders', partition: 0 }])).toEqual([]);
        expect(await it.commit(good)).toEqual({ baseOffsets: [0] });
      });

      test('refuses a partition that the topic does not have', async () => {
        await expect(it.append('orders', 2, plain('a', '1'))).rejects.toMatchObject({
          code: 'PARTITION_UNKNOWN',
          message: 'topic "orders" has no partition 2: it has 2, counted from 0',
        });
      });
    });

    describe('fencing', () => {
      test('refuses a producer whose slot was opened again', async ({ skip }) => {
        it.needs('slots', skip);
        await it.log.transactor('s0');
        await expect(it.append('orders', 0, plain('a', '1'))).rejects.toMatchObject({
          name: 'TaskMigratedError',
          code: 'FENCED',
        });
        expect(await it.ends('orders')).toEqual([0, 0]);
      });

      test('lets producers of other slots be', async () => {
        await it.log.transactor('s1');
        expect(await it.append('orders', 0, plain('a', '1'))).toEqual({ baseOffsets: [0] });
      });

      test('refuses a closed producer', async () => {
        await it.producer.close();
        await expect(it.append('orders', 0, plain('a', '1'))).rejects.toMatchObject({
          code: 'FENCED',
        });
      });

      test('refuses a member that left when the next one is in', async () => {
        await it.member.leave();
        await it.log.join({ group: 'shop', topics: ['orders'], slot: 's0' }, quiet);
        await expect(it.append('orders', 0, plain('a', '1'))).rejects.toMatchObject({
          code: 'FENCED',
        });
      });

      test('refuses a member that left', async () => {
        await it.member.leave();
        await expect(it.append('orders', 0, plain('a', '1'))).rejects.toMatchObject({
          code: 'FENCED',
        });
      });
    });

    describe('join', () => {
      test('assigns every partition of the topics before it resolves', async () => {
        await it.create('stock', 1);
        const seen: unknown[] = [];
        await it.log.join(
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

      test('refuses a second member of the application', async ({ skip }) => {
        it.needs('members', skip);
        await expect(
          it.log.join({ group: 'shop', topics: ['orders'], slot: 's1' }, quiet),
        ).rejects.toMatchObject({ name: 'ConfigError', code: 'APPLICATION_OWNED' });
      });

      test('refuses an unknown topic', async () => {
        await expect(
          it.log.join({ group: 'g', topics: ['no'], slot: 's1' }, quiet),
        ).rejects.toMatchObject({
          code: 'TOPIC_UNKNOWN',
          message: 'the log has no topic "no": create it first, or check the name',
        });
      });

      test('lets a member commit while it is revoked, and the next one in after it left', async () => {
        let committed: unknown;
        const options = { group: 'g', topics: ['orders'], slot: 's1' };
        const mine = await it.log.transactor('s1');
        const leaving: Membership = await it.log.join(options, {
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
        const next = await it.log.join(options, quiet);
        expect(next.generation).toBeGreaterThan(leaving.generation);
        expect(await it.log.committed('g', [{ topic: 'orders', partition: 0 }])).toEqual([
          { topic: 'orders', partition: 0, offset: 5 },
        ]);
      });
    });

    describe('fetch', () => {
      async function twelve(): Promise<void> {
        for (let i = 0; i < 4; i++) {
          await it.append(
            'orders',
            0,
            plain(`a${i}`, '1'),
            plain(`b${i}`, '2'),
            plain(`c${i}`, '3'),
          );
        }
      }

      test('returns the batch that holds the position and all after it', async () => {
        await twelve();
        for (let offset = 0; offset <= 13; offset++) {
          const [found] = await it.log.fetch([{ topic: 'orders', partition: 0, offset }], wide);
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
        await it.append('orders', 1, plain('z', '9'));
        const positions = [
          { topic: 'orders', partition: 0, offset: 4 },
          { topic: 'orders', partition: 1, offset: 0 },
        ];
        const found = await it.log.fetch(positions, { maxBytes: 1, maxBytesPerPartition: 1 });
        expect(found.map((it) => it.batches.length)).toEqual([1, 1]);
        expect(found.map((it) => it.nextOffset)).toEqual([6, 1]);
        expect(found.map((it) => it.endOffset)).toEqual([12, 1]);
      });

      test('stops at the limit of the partition, and of all together', async () => {
        await twelve();
        const size = batchOf(plain('a0', '1'), plain('b0', '2'), plain('c0', '3')).length;
        const count = async (limits: FetchLimits): Promise<number> => {
          const [found] = await it.log.fetch(
            [{ topic: 'orders', partition: 0, offset: 0 }],
            limits,
          );
          return found!.batches.length;
        };
        expect(await count({ maxBytes: 1e6, maxBytesPerPartition: size + 1 })).toBe(2);
        expect(await count({ maxBytes: size * 2, maxBytesPerPartition: 1e6 })).toBe(2);
        expect(await count({ maxBytes: size * 2 + 1, maxBytesPerPartition: 1e6 })).toBe(3);
      });

      test('refuses an unknown topic', async () => {
        await expect(
          it.log.fetch([{ topic: 'no', partition: 0, offset: 0 }], wide),
        ).rejects.toMatchObject({ code: 'TOPIC_UNKNOWN' });
      });
    });

    describe('awaitRecords', () => {
      const here = [{ topic: 'orders', partition: 0, offset: 0 }];

      test('resolves when records come', async () => {
        const waiting = it.log.awaitRecords(here, 60_000, new AbortController().signal);
        await it.append('orders', 0, plain('a', '1'));
        await waiting;
      });

      test('resolves at once when records are there', async () => {
        await it.append('orders', 0, plain('a', '1'));
        await it.log.awaitRecords(here, 60_000, new AbortController().signal);
      });

      test('resolves when it is aborted, before or meanwhile', async () => {
        await it.log.awaitRecords(here, 60_000, AbortSignal.abort());
        const abort = new AbortController();
        const waiting = it.log.awaitRecords(here, 60_000, abort.signal);
        abort.abort();
        await waiting;
      });

      test('resolves when its time is over', async () => {
        await it.log.awaitRecords(here, 1, new AbortController().signal);
        expect(await it.ends('orders')).toEqual([0, 0]);
      });
    });
  });
  describeAdminContract(name, open);
}
