import { beforeEach, describe, expect, test } from 'vitest';
import { KafkaFetcher } from '../../../../runtime/kafka/fetch/kafka-fetcher.ts';
import type { FetchedPartition, FetchLimits, Position } from '../../../../runtime/ports.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';
import { batchOf, plain, recordsOf } from '../../codec/records.ts';
import { ModelLeaders } from './model-leaders.ts';

const wide: FetchLimits = { maxBytes: 1e6, maxBytesPerPartition: 1e6 };
const patienceMs = 10_000;

let clock: ManualClock;
let brokers: ModelLeaders;
let fetcher: KafkaFetcher;

beforeEach(() => {
  clock = new ManualClock();
  brokers = new ModelLeaders(clock);
  fetcher = new KafkaFetcher({ wire: brokers, clock, patienceMs });
});

function at(partition: number, offset = 0): Position {
  return { topic: 't', partition, offset };
}

function values({ batches }: FetchedPartition): string[] {
  return batches.flatMap(recordsOf).map(({ value }) => String(value));
}

/** Lets everything run that needs no time, moves time on, and lets everything run again. */
async function pass(ms: number): Promise<void> {
  await settle();
  clock.advanceTo(clock.monotonic() + ms);
  await settle();
}

async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** The result, with time moved on for as long as it takes. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const state = { over: false };
  const end = (): void => {
    state.over = true;
  };
  work.then(end, end);
  for (let ms = 0; ms < 60_000 && !state.over; ms += 5) await pass(5);
  return work;
}

describe('fetch', () => {
  test('asks all leaders at once, each for its partitions', async () => {
    for (const partition of [0, 1, 2]) {
      brokers.lead(partition, partition === 1 ? 2 : 1);
      brokers.append(partition, plain('k', `v${partition}`));
    }
    const found = await fetcher.fetch([at(0), at(1), at(2)], wide);
    expect(found.map(values)).toEqual([['v0'], ['v1'], ['v2']]);
    expect(brokers.asked.toSorted()).toEqual(['Fetch 1 fetch', 'Fetch 2 fetch']);
  });

  test('gives what is at hand of other partitions when a leader has moved, and finds it next time', async () => {
    brokers.lead(0, 1);
    brokers.lead(1, 1);
    brokers.append(0, plain('k', 'a'));
    brokers.append(1, plain('k', 'b'));
    await fetcher.fetch([at(0, 1), at(1, 1)], wide);
    brokers.lead(1, 2);
    const found = await fetcher.fetch([at(0), at(1)], wide);
    expect(found.map(({ partition }) => partition)).toEqual([0]);
    const next = await fetcher.fetch([at(0, 1), at(1)], wide);
    expect(next.map(values)).toEqual([[], ['b']]);
    expect(brokers.asked).toContain('Metadata');
  });

  test('waits for a leader where there is nothing else to give', async () => {
    brokers.lead(0, -1);
    const waiting = fetcher.fetch([at(0)], wide);
    await pass(500);
    brokers.append(0, plain('k', 'a'));
    brokers.lead(0, 3);
    expect((await inTime(waiting)).map(values)).toEqual([['a']]);
  });

  test('gives up after its patience', async () => {
    brokers.lead(0, 1);
    brokers.down.add(1);
    const startMs = clock.monotonic();
    await expect(inTime(fetcher.fetch([at(0)], wide))).rejects.toMatchObject({
      name: 'StorageError',
      code: 'LOG_UNAVAILABLE',
    });
    expect(clock.monotonic() - startMs).toBeGreaterThanOrEqual(patienceMs);
  });

  test('does not let partitions at their end wait long for one that fails', async () => {
    brokers.lead(0, 1);
    brokers.lead(1, 2);
    brokers.down.add(2);
    const startMs = clock.monotonic();
    const found = await inTime(fetcher.fetch([at(0), at(1)], wide));
    expect(found.map(({ partition }) => partition)).toEqual([0]);
    expect(clock.monotonic() - startMs).toBeLessThan(600);
  });

  test('reads from the start where the position lies before it', async () => {
    brokers.lead(0, 1);
    for (const value of ['a', 'b', 'c']) brokers.append(0, plain('k', value));
    brokers.startAt(0, 2);
    const [found] = await fetcher.fetch([at(0)], wide);
    expect(found).toMatchObject({ startOffset: 2, endOffset: 3, nextOffset: 3 });
    expect(values(found!)).toEqual(['c']);
  });

  test('gives nothing where the position lies behind the end', async () => {
    brokers.lead(0, 1);
    brokers.append(0, plain('k', 'a'));
    const [found] = await fetcher.fetch([at(0, 7)], wide);
    expect(found).toMatchObject({ batches: [], nextOffset: 7, startOffset: 0, endOffset: 1 });
  });

  test.each([
    [{ topic: 'no', partition: 0, offset: 0 }, 'TOPIC_UNKNOWN'],
    [at(1), 'PARTITION_UNKNOWN'],
  ])('refuses %o', async (position, code) => {
    brokers.lead(0, 1);
    await expect(fetcher.fetch([position], wide)).rejects.toMatchObject({ code });
  });

  test('throws what does not pass by itself, such as a missing right', async () => {
    brokers.lead(0, 1);
    brokers.errors.set('t-0', 29);
    await expect(fetcher.fetch([at(0)], wide)).rejects.toMatchObject({ code: 'KAFKA_RIGHTS' });
  });

  test('refuses a topic that was deleted and created again since it was read first', async () => {
    brokers.lead(0, 1);
    brokers.append(0, plain('k', 'a'));
    await fetcher.fetch([at(0)], wide);
    brokers.topicId = 2;
    await expect(inTime(fetcher.fetch([at(0, 1)], wide))).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'TOPIC_RECREATED',
    });
  });

  test('lets no partition starve when one alone fills an answer', async () => {
    const large = plain('k', 'x'.repeat(100_000));
    const seen = new Set<number>();
    for (const partition of [0, 1, 2]) {
      brokers.lead(partition, 1);
      for (let i = 0; i < 3; i++) brokers.append(partition, large);
    }
    for (let i = 0; i < 3; i++) {
      const found = await fetcher.fetch([at(0), at(1), at(2)], {
        maxBytes: 70_000,
        maxBytesPerPartition: 70_000,
      });
      for (const { partition, batches } of found) if (batches.length > 0) seen.add(partition);
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  test('gives one batch at least, and keeps what goes beyond a small limit for the next time', async () => {
    brokers.lead(0, 1);
    const size = batchOf(plain('k', 'a')).length;
    for (const value of ['a', 'b', 'c']) brokers.append(0, plain('k', value));
    const [first] = await fetcher.fetch([at(0)], { maxBytes: 1, maxBytesPerPartition: 1 });
    expect(values(first!)).toEqual(['a']);
    const [second] = await fetcher.fetch([at(0, 1)], { maxBytes: 1e6, maxBytesPerPartition: size });
    expect(values(second!)).toEqual(['b']);
    expect(brokers.asked).toHaveLength(1);
  });
});

describe('awaitRecords', () => {
  const forever = new AbortController().signal;

  test('brings the records that it waited for: the next fetch asks nobody', async () => {
    brokers.lead(0, 1);
    const waiting = fetcher.awaitRecords([at(0)], 1000, forever);
    await pass(10);
    brokers.append(0, plain('k', 'a'));
    await waiting;
    const [found] = await fetcher.fetch([at(0)], wide);
    expect(values(found!)).toEqual(['a']);
    expect(brokers.asked).toEqual(['Fetch 1 poll-0']);
  });

  test('brings nothing for a position that has moved meanwhile', async () => {
    brokers.lead(0, 1);
    brokers.append(0, plain('k', 'a'));
    const waiting = fetcher.awaitRecords([at(0, 1)], 1000, forever);
    await pass(10);
    brokers.append(0, plain('k', 'b'));
    await waiting;
    const [found] = await fetcher.fetch([at(0)], wide);
    expect(values(found!)).toEqual(['a', 'b']);
  });

  test('lets others wait beside it: each waiting fetch has a lane of its own', async () => {
    brokers.lead(0, 1);
    brokers.lead(1, 1);
    const first = fetcher.awaitRecords([at(0)], 1000, forever);
    await pass(1);
    const second = fetcher.awaitRecords([at(0), at(1)], 1000, forever);
    await pass(1);
    expect(brokers.asked).toEqual(['Fetch 1 poll-0', 'Fetch 1 poll-1']);
    brokers.append(1, plain('k', 'b'));
    await second;
    await first;
  });

  test('waits with others when all lanes are taken', async () => {
    for (let partition = 0; partition < 6; partition++) brokers.lead(partition, 1);
    const waits = Array.from({ length: 6 }, (_, i) => fetcher.awaitRecords([at(i)], 1000, forever));
    await pass(1);
    expect(brokers.asked).toHaveLength(4);
    await inTime(Promise.all(waits));
  });

  test('resolves when it is aborted, while the request waits on', async () => {
    brokers.lead(0, 1);
    const abort = new AbortController();
    const waiting = fetcher.awaitRecords([at(0)], 1000, abort.signal);
    await pass(1);
    abort.abort();
    await waiting;
    brokers.append(0, plain('k', 'a'));
    await pass(1);
    expect((await fetcher.fetch([at(0)], wide)).map(values)).toEqual([['a']]);
    expect(brokers.asked).toHaveLength(1);
  });

  test('resolves when its time is over, also where the broker says nothing', async () => {
    brokers.lead(0, 1);
    const startMs = clock.monotonic();
    await inTime(fetcher.awaitRecords([at(0)], 300, forever));
    expect(clock.monotonic() - startMs).toBeLessThanOrEqual(360);
  });

  test.each([
    ['is down', () => brokers.down.add(1)],
    ['has an error', () => brokers.errors.set('t-0', 6)],
  ])('does not spin when a leader %s', async (_, fail) => {
    brokers.lead(0, 1);
    fail();
    const startMs = clock.monotonic();
    for (let i = 0; i < 5; i++) await inTime(fetcher.awaitRecords([at(0)], 1000, forever));
    expect(clock.monotonic() - startMs).toBeGreaterThanOrEqual(500);
  });
});
