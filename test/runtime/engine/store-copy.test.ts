import { describe, expect, test } from 'vitest';
import { nextChunk } from '../../../runtime/engine/changelog-reader.ts';
import { StoreCopy } from '../../../runtime/engine/store-copy.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import type { Log, Membership, PartitionEnds, Transactor } from '../../../runtime/ports.ts';
import { MemoryStateBackend } from '../../../runtime/state/memory-backend.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { batchOf, plain, type PlainRecord } from '../codec/records.ts';
import { quiet } from '../log-harness.ts';

const hour = 3_600_000;
const never = new AbortController().signal;

/** A changelog, and a store on disk that is brought to its end now and then. */
class Bench {
  readonly clock = new ManualClock();
  readonly memory = new MemoryLog({ clock: this.clock });
  readonly state = new MemoryStateBackend();
  readonly reports: string[] = [];
  /** What `ends` says beside start and end. */
  more: Partial<PartitionEnds> = {};
  private writer: { transactor: Transactor; member: Membership } | undefined;

  get log(): Log {
    return Object.assign(Object.create(this.memory) as MemoryLog, {
      ends: async (partitions: Parameters<Log['ends']>[0], isolation: 'committed') => {
        const ends = await this.memory.ends(partitions, isolation);
        return ends.map((it) => ({ ...it, ...this.more }));
      },
    });
  }

  async append(...records: readonly PlainRecord[]): Promise<void> {
    const spec = { partitions: 1, cleanup: 'compact', retention: 'forever' } as const;
    await this.memory.admin.create({ name: 'log', ...spec });
    this.writer ??= {
      transactor: await this.memory.transactor('w'),
      member: await this.memory.join({ group: 'w', topics: [], slot: 'w' }, quiet),
    };
    const batch = batchOf(...records);
    await this.writer.transactor.commit(
      { appends: [{ topic: 'log', partition: 0, batch, records: records.length }], positions: [] },
      this.writer.member,
    );
  }

  async copy(input?: number): Promise<StoreCopy> {
    const { log, state, clock } = this;
    const report = (message: string): number => this.reports.push(message);
    const store = { name: 's', partition: 0, ttl: 'none' } as const;
    const copy = new StoreCopy({ log, state, clock, store, changelog: 'log', report });
    await copy.open(input, never);
    return copy;
  }

  /** Restores to the end, or up to `chunks` chunks. */
  async restore(input?: number): Promise<StoreCopy> {
    const copy = await this.copy(input);
    while (copy.position < copy.target) {
      const at = { topic: 'log', partition: 0, offset: copy.position };
      const chunk = await nextChunk(this.log, at, copy.target, never);
      if (chunk !== undefined) await copy.take(chunk, never);
    }
    await copy.reached(never);
    return copy;
  }

  get keys(): readonly string[] {
    return [...this.state.open('s', 0).range(undefined, undefined)].map(([key]) => String(key));
  }

  get asOfMs(): number | undefined {
    return this.state.open('s', 0).asOfMs();
  }
}

describe('StoreCopy', () => {
  test('is complete as of the time at which its target was fixed', async () => {
    const bench = new Bench();
    await bench.append(plain('a', '1'), plain('b', '2'));
    bench.clock.advanceTo(5);
    await bench.restore();
    expect([bench.keys, bench.asOfMs]).toEqual([['a', 'b'], 5]);
    await bench.append(plain('c', '3'));
    bench.clock.advanceTo(9);
    const copy = await bench.restore();
    expect([copy.begin, bench.keys, bench.asOfMs]).toEqual([2, ['a', 'b', 'c'], 9]);
  });

  test('is as old as before where it was not brought to the end of its source topic', async () => {
    const bench = new Bench();
    await bench.append(plain('a', '1'), plain('b', '2'));
    bench.clock.advanceTo(5);
    await bench.restore(1);
    await bench.append(plain('c', '3'));
    bench.clock.advanceTo(9);
    await bench.restore(2);
    expect([bench.keys, bench.asOfMs]).toEqual([['a', 'b'], 5]);
  });

  test.each([
    [24 * hour - 1, []],
    [
      24 * hour,
      [
        'store "s" of partition 0 is at 1, and 24 h old, while deletes stay in the log for 24 h: it is rebuilt',
      ],
    ],
  ])('is rebuilt when it is as old as deletes are kept: after %i ms', async (ageMs, reports) => {
    const bench = new Bench();
    bench.more = { tombstonesKeptMs: 24 * hour };
    await bench.append(plain('a', '1'));
    await bench.restore();
    await bench.append(plain('b', '2'));
    bench.clock.advanceTo(ageMs);
    const copy = await bench.restore();
    expect([copy.begin, bench.reports]).toEqual([reports.length === 0 ? 1 : 0, reports]);
    expect(bench.keys).toEqual(['a', 'b']);
  });

  test('is not rebuilt however old it is when it is at the end', async () => {
    const bench = new Bench();
    bench.more = { tombstonesKeptMs: 24 * hour };
    await bench.append(plain('a', '1'));
    await bench.restore();
    bench.clock.advanceTo(1000 * hour);
    const copy = await bench.restore();
    expect([copy.begin, bench.reports]).toEqual([1, []]);
  });

  test('is rebuilt when nobody knows how old it is', async () => {
    const bench = new Bench();
    await bench.append(plain('a', '1'));
    await bench.state.apply(
      [{ store: 's', partition: 0, rows: [[Buffer.from('x'), Buffer.from('y')]], position: 0 }],
      'memory',
    );
    bench.more = { tombstonesKeptMs: 24 * hour };
    await bench.restore();
    expect(bench.keys).toEqual(['a']);
    expect(bench.reports).toEqual([
      'store "s" of partition 0 is at 0, and nobody knows how old it is: it is rebuilt',
    ]);
  });

  test.each([
    [
      'below the start of its changelog',
      { start: 2 },
      undefined,
      'outside of its changelog (2 to 3)',
    ],
    ['past its end', { end: 0 }, undefined, 'outside of its changelog (0 to 0)'],
    [
      'before deletes that are gone',
      { tombstonesFrom: 2 },
      undefined,
      'and deletes after that were compacted away',
    ],
    ['past the committed input', {}, 0, 'past the committed input 0'],
  ])('is rebuilt when it is %s', async (_, more, input, why) => {
    const bench = new Bench();
    await bench.append(plain('a', '1'));
    await bench.restore();
    await bench.append(plain('b', '2'), plain('c', '3'));
    bench.more = more;
    await bench.copy(input);
    expect(bench.reports).toEqual([`store "s" of partition 0 is at 1, ${why}: it is rebuilt`]);
    expect(bench.keys).toEqual([]);
  });

  test.each([
    ['in a changelog of its own', undefined],
    ['in a source topic', 3],
  ])('is rebuilt when its topic is another one, although its position is %s', async (_, input) => {
    const bench = new Bench();
    await bench.append(plain('a', '1'));
    bench.more = { topicId: 'first' };
    await bench.restore();
    await bench.append(plain('b', '2'), plain('c', '3'));
    bench.more = { topicId: 'second' };
    const copy = await bench.copy(input);
    expect([copy.begin, copy.target, bench.keys]).toEqual([0, 3, []]);
    expect(bench.reports).toEqual([
      'store "s" of partition 0 is at 1, and its topic "log" was deleted and created again: it is rebuilt',
    ]);
    await bench.restore(input);
    await bench.restore(input);
    expect([bench.reports.length, bench.keys]).toEqual([1, ['a', 'b', 'c']]);
  });

  test('learns the topic of state that does not have it, and goes on', async () => {
    const bench = new Bench();
    const topic = (): string | undefined => bench.state.open('s', 0).topicId();
    bench.more = { topicId: undefined as never };
    await bench.append(plain('a', '1'), plain('b', '2'));
    await bench.restore(1);
    expect(topic()).toBeUndefined();
    bench.more = { topicId: 'first' };
    const copy = await bench.restore(1);
    expect([copy.begin, topic(), bench.keys, bench.reports]).toEqual([1, 'first', ['a'], []]);
  });

  test('writes nothing once it was given up', async () => {
    const bench = new Bench();
    await bench.append(plain('a', '1'));
    const copy = await bench.copy();
    const [fetched] = await bench.log.fetch([{ topic: 'log', partition: 0, offset: 0 }], {
      maxBytes: 1e6,
      maxBytesPerPartition: 1e6,
    });
    await copy.take(fetched as NonNullable<typeof fetched>, AbortSignal.abort());
    await copy.reached(AbortSignal.abort());
    expect([bench.keys, bench.state.open('s', 0).position()]).toEqual([[], undefined]);
  });
});

describe('nextChunk', () => {
  test.each(['fetch', 'ends'] as const)(
    'is given up at once, though the log does not answer a %s',
    async (silent) => {
      const bench = new Bench();
      await bench.append(plain('a', '1'));
      const log = Object.assign(Object.create(bench.log) as Log, {
        [silent]: () => new Promise(() => {}),
      });
      const abort = new AbortController();
      const at = { topic: 'log', partition: 0, offset: 1 };
      const chunk = nextChunk(log, at, 1, abort.signal);
      await new Promise(setImmediate);
      abort.abort();
      expect(await chunk).toBeUndefined();
    },
  );

  test('is not opened any more once it was given up, though the log does not answer', async () => {
    const { state, clock } = new Bench();
    const log = { ends: () => new Promise(() => {}) } as unknown as Log;
    const store = { name: 's', partition: 0, ttl: 'none' } as const;
    const report = (): void => {};
    const copy = new StoreCopy({ log, state, clock, store, changelog: 'log', report });
    const abort = new AbortController();
    const opened = copy.open(undefined, abort.signal);
    abort.abort();
    await opened;
    expect(state.tables()).toEqual([]);
  });

  test('fails when the log ends before the target that it had', async () => {
    const bench = new Bench();
    await bench.append(plain('a', '1'));
    await expect(
      nextChunk(bench.log, { topic: 'log', partition: 0, offset: 1 }, 5, never),
    ).rejects.toMatchObject({
      name: 'TaskCorruptedError',
      code: 'RESTORE_STUCK',
      message: 'log-0 ends at 1 although 5 was expected',
    });
  });
});
