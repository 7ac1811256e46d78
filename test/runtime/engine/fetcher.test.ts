import { describe, expect, test } from 'vitest';
import { Fetcher } from '../../../runtime/engine/fetcher.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import type { Log, Position } from '../../../runtime/ports.ts';
import { PartitionQueue } from '../../../runtime/task/partition-queue.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import { batchOf, plain } from '../codec/records.ts';

/** A log in memory, a fetcher, and what it asked the log for. */
class Bench {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog({ clock: this.clock });
  readonly fetches: (readonly string[])[] = [];
  readonly waits: (readonly string[])[] = [];
  readonly failures: unknown[] = [];
  readonly fetcher: Fetcher;
  wakes = 0;

  constructor(fetchBytes: number) {
    const of = (positions: readonly Position[]): readonly string[] =>
      positions.map(({ topic, partition, offset }) => `${topic}-${partition}@${offset}`);
    const log: Pick<Log, 'fetch' | 'awaitRecords'> = {
      fetch: (positions, limits) => {
        this.fetches.push(of(positions));
        return this.log.fetch(positions, limits);
      },
      awaitRecords: (positions, maxWaitMs, signal) => {
        this.waits.push(of(positions));
        return this.log.awaitRecords(positions, maxWaitMs, signal);
      },
    };
    this.fetcher = new Fetcher(log as Log, fetchBytes, {
      wake: () => this.wakes++,
      fail: (error) => this.failures.push(error),
    });
  }

  async topic(name: string, ...values: readonly string[]): Promise<PartitionQueue> {
    await this.log.admin.create({ name, partitions: 1, cleanup: 'delete', retention: 'forever' });
    for (const value of values) await this.append(name, value);
    return new PartitionQueue(
      name,
      0,
      0,
      (reader) => new StreamRecord(null, String(reader.value()), 0, [], name, 0, reader.offset),
    );
  }

  async append(topic: string, value: string): Promise<void> {
    const ignore = async (): Promise<void> => {};
    const hooks = { assigned: ignore, revoked: ignore, lost: ignore };
    const member = await this.log.join({ group: 'test', topics: [], slot: 'test' }, hooks);
    const transactor = await this.log.transactor('test');
    const batch = batchOf(plain(null, value));
    await transactor.commit(
      { appends: [{ topic, partition: 0, batch, records: 1 }], positions: [] },
      member,
    );
  }

  async step(): Promise<void> {
    this.fetcher.step();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

const value = 'x'.repeat(100);

function takeAll(queue: PartitionQueue): number {
  let taken = 0;
  while (queue.headTime() !== undefined) {
    queue.take();
    taken++;
  }
  queue.release();
  return taken;
}

describe('Fetcher', () => {
  test('wakes who steps it when the queues are others: nobody waits for their records yet', async () => {
    const bench = new Bench(1000);
    const [a, b] = [await bench.topic('a'), await bench.topic('b')];
    bench.fetcher.assign([a, b]);
    await bench.step();
    await bench.step();
    expect(bench.waits).toEqual([['a-0@0', 'b-0@0']]);
    const before = bench.wakes;
    bench.fetcher.assign([a]);
    expect(bench.wakes).toBe(before + 1);
  });

  test('fetches for every queue, then waits for new records', async () => {
    const bench = new Bench(1_000_000);
    const queues = [await bench.topic('a', value, value), await bench.topic('b', value)];
    bench.fetcher.assign(queues);
    await bench.step();
    expect(queues.map(takeAll)).toEqual([2, 1]);
    await bench.step();
    expect(bench.fetches).toEqual([['a-0@0', 'b-0@0']]);
    expect(bench.waits).toEqual([['a-0@2', 'b-0@1']]);
    await bench.append('b', value);
    await bench.step();
    await bench.step();
    expect(bench.fetches.at(-1)).toEqual(['a-0@2', 'b-0@1']);
    expect(queues.map(takeAll)).toEqual([0, 1]);
  });

  test('does not fetch for a queue that holds enough: that is the back-pressure', async () => {
    const bench = new Bench(400);
    const queue = await bench.topic('a', value, value, value, value, value, value, value, value);
    bench.fetcher.assign([queue]);
    for (let i = 0; i < 10; i++) await bench.step();
    const held = queue.bufferedBytes;
    expect(bench.fetches.length).toBeLessThan(3);
    expect(queue.lag).toBeGreaterThan(0);
    for (let i = 0; i < 10; i++) await bench.step();
    expect(queue.bufferedBytes).toBe(held);
    takeAll(queue);
    await bench.step();
    expect(queue.headTime()).toBe(0);
  });

  test('leaves a paused queue alone, and the others not', async () => {
    const bench = new Bench(1_000_000);
    const paused = await bench.topic('a', value);
    const open = await bench.topic('b', value);
    paused.paused = true;
    bench.fetcher.assign([paused, open]);
    await bench.step();
    expect(bench.fetches).toEqual([['b-0@0']]);
    paused.paused = false;
    takeAll(open);
    await bench.step();
    expect(bench.fetches.at(-1)).toContain('a-0@0');
    expect(takeAll(paused)).toBe(1);
  });

  test('waits for records of a queue that came back from a pause, too', async () => {
    const bench = new Bench(1_000_000);
    const back = await bench.topic('a');
    const open = await bench.topic('b');
    bench.fetcher.assign([back, open]);
    await bench.step();
    back.paused = true;
    await bench.step();
    await bench.append('b', value);
    await bench.step();
    await bench.step();
    takeAll(open);
    await bench.step();
    back.paused = false;
    await bench.step();
    await bench.append('a', value);
    await bench.step();
    await bench.step();
    expect(takeAll(back)).toBe(1);
  });

  test('drops a fetch that was under way when positions moved back', async () => {
    const bench = new Bench(1_000_000);
    const queue = await bench.topic('a', value, value);
    bench.fetcher.assign([queue]);
    bench.fetcher.step();
    queue.reset(1);
    bench.fetcher.rewound();
    await bench.step();
    expect(queue.headTime()).toBeUndefined();
    await bench.step();
    expect(bench.fetches).toEqual([['a-0@0'], ['a-0@1']]);
    expect(takeAll(queue)).toBe(1);
  });

  test('fails where records were deleted before they were read', async () => {
    const bench = new Bench(1_000_000);
    const queue = await bench.topic('a', value, value, value);
    bench.fetcher.assign([queue]);
    await bench.log.admin.deleteRecords([{ topic: 'a', partition: 0, offset: 2 }]);
    await bench.step();
    expect(bench.failures).toMatchObject([
      {
        code: 'POSITION_BELOW_START',
        message:
          'a-0 is read up to 0, but the log begins at 2: 2 records were deleted before they were read; reset the application, or keep the topic longer',
      },
    ]);
    expect(takeAll(queue)).toBe(0);
  });

  test('passes the failure of a fetch on, but not after it was closed', async () => {
    const bench = new Bench(1_000_000);
    const unknown = new PartitionQueue('unknown', 0, 0, () => new StreamRecord(null, null, 0));
    bench.fetcher.assign([unknown]);
    await bench.step();
    expect(bench.failures).toMatchObject([{ code: 'TOPIC_UNKNOWN' }]);
    bench.fetcher.step();
    bench.fetcher.close();
    await bench.step();
    expect(bench.failures).toHaveLength(1);
  });

  test('asks again for a queue that was not asked for when others got records, before it waits', async () => {
    const bench = new Bench(400);
    const first = await bench.topic('a', value, value);
    const second = await bench.topic('b');
    bench.fetcher.assign([first, second]);
    await bench.step();
    await bench.append('a', value);
    await bench.append('b', value);
    // The first one is full, so that only the second one is asked for, until the first one runs empty.
    await bench.step();
    await bench.step();
    expect(bench.fetches.at(-1)).toEqual(['b-0@0']);
    expect([first.lag, first.askedIn < second.filledIn]).toEqual([0, true]);
    takeAll(first);
    await bench.step();
    expect(bench.fetches.at(-1)).toContain('a-0@2');
    expect(first.askedIn).toBeGreaterThanOrEqual(second.filledIn);
    expect(takeAll(first)).toBe(1);
  });
});
