import { beforeEach, describe, expect, test } from 'vitest';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import type { Membership, Ownership, Transactor } from '../../../runtime/ports.ts';
import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { batchOf, plain, recordsOf } from '../codec/records.ts';

const limits = { maxBytes: 1e6, maxBytesPerPartition: 1e6 };
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** A member that notes what it is told. */
class Member implements Ownership {
  readonly told: string[] = [];
  readonly owned = new Set<number>();
  membership!: Membership;
  transactor!: Transactor;
  /** Runs inside `revoked`. */
  onRevoked: () => Promise<unknown> = async () => {};

  async assigned(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    this.note('assigned', partitions);
    for (const { partition } of partitions) this.owned.add(partition);
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.note('revoked', partitions);
    await this.onRevoked();
    for (const { partition } of partitions) this.owned.delete(partition);
  }

  async lost(partitions: readonly TopicPartition[]): Promise<void> {
    this.note('lost', partitions);
    this.owned.clear();
  }

  commit(partition: number, offset: number, value = 'x') {
    return this.transactor.commit(
      {
        appends: [{ topic: 'out', partition: 0, batch: batchOf(plain('k', value)), records: 1 }],
        positions: [{ topic: 'in', partition, offset }],
      },
      this.membership,
    );
  }

  private note(what: string, partitions: readonly TopicPartition[]): void {
    this.told.push(`${what} ${partitions.map(({ partition }) => partition).join(' ')}`);
  }
}

describe('a memory log for many members', () => {
  let log: MemoryLog;

  beforeEach(async () => {
    log = new MemoryLog({ clock: new ManualClock(), members: 'many', markers: true });
    const spec = { cleanup: 'delete', retention: 'forever' } as const;
    await log.admin.create({ name: 'in', partitions: 4, ...spec });
    await log.admin.create({ name: 'out', partitions: 1, ...spec });
  });

  async function join(slot: string): Promise<Member> {
    const member = new Member();
    member.transactor = await log.transactor(slot);
    member.membership = await log.join({ group: 'g', topics: ['in'], slot }, member);
    return member;
  }

  async function read(): Promise<readonly string[]> {
    const [found] = await log.fetch([{ topic: 'out', partition: 0, offset: 0 }], limits);
    return (found?.batches ?? [])
      .flatMap(recordsOf)
      .map(({ offset, value }) => `${offset}:${String(value)}`);
  }

  const ends = async (isolation: 'committed' | 'uncommitted'): Promise<number | undefined> =>
    (await log.ends([{ topic: 'out', partition: 0 }], isolation))[0]?.end;
  const position = async (partition: number): Promise<number | undefined> =>
    (await log.committed('g', [{ topic: 'in', partition }]))[0]?.offset;

  test('moves what it must, in two steps, and tells nobody else', async () => {
    const a = await join('a');
    const b = await join('b');
    await log.cluster.settled('g');
    expect(a.told).toEqual(['assigned 0 1 2 3', 'revoked 2 3']);
    expect(b.told).toEqual(['assigned 2 3']);
    const c = await join('c');
    await log.cluster.settled('g');
    expect(a.told.slice(2)).toEqual([]);
    expect([a.owned.size, b.owned.size, c.owned.size].toSorted((x, y) => x - y)).toEqual([1, 1, 2]);
  });

  test('gives a task to nobody before its owner has given it up', async () => {
    const a = await join('a');
    const gate = Promise.withResolvers<void>();
    a.onRevoked = () => gate.promise;
    const joining = join('b');
    for (let i = 0; i < 10; i++) await turn();
    expect([...a.owned]).toEqual([0, 1, 2, 3]);
    gate.resolve();
    const b = await joining;
    await log.cluster.settled('g');
    expect([...a.owned, ...b.owned]).toEqual([0, 1, 2, 3]);
  });

  test('takes a commit inside revoke, with the generation that took the task away', async () => {
    const a = await join('a');
    a.onRevoked = () => a.commit(2, 7);
    await join('b');
    await log.cluster.settled('g');
    expect(await position(2)).toBe(7);
  });

  test('lets a commit of an old generation wait for the new one', async () => {
    const a = await join('a');
    const gate = Promise.withResolvers<void>();
    log.onRebalance = () => gate.promise;
    const joining = join('b');
    for (let i = 0; i < 5; i++) await turn();
    const committing = a.commit(0, 3);
    for (let i = 0; i < 5; i++) await turn();
    expect([await read(), await ends('committed'), await ends('uncommitted')]).toEqual([[], 0, 1]);
    log.onRebalance = undefined;
    gate.resolve();
    expect(await committing).toEqual({ baseOffsets: [0] });
    await joining;
    expect([await read(), await position(0)]).toEqual([['0:x'], 3]);
  });

  test('aborts what an expelled member commits, and tells it', async () => {
    const a = await join('a');
    await a.commit(0, 1, 'before');
    log.cluster.expel('g', 'a');
    await expect(a.commit(0, 2, 'never')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    for (let i = 0; i < 10; i++) await turn();
    expect(a.told).toEqual(['assigned 0 1 2 3', 'lost 0 1 2 3', 'assigned 0 1 2 3']);
    await a.commit(0, 2, 'after');
    expect(await read()).toEqual(['0:before', '4:after']);
  });

  test('ends nothing of a member that was expelled and has joined anew meanwhile', async () => {
    const a = await join('a');
    const gate = Promise.withResolvers<void>();
    log.onCommit = () => gate.promise;
    const committing = a.commit(0, 2);
    log.cluster.expel('g', 'a')?.expelled();
    for (let i = 0; i < 10; i++) await turn();
    expect([...a.owned]).toEqual([0, 1, 2, 3]);
    gate.resolve();
    await expect(committing).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect([await read(), await position(0)]).toEqual([[], undefined]);
  });

  test('keeps readers of positions waiting for a dead member until its producer is fenced', async () => {
    const a = await join('a');
    log.onPrepared = () => new Promise(() => {});
    void a.commit(0, 5);
    for (let i = 0; i < 5; i++) await turn();
    log.cluster.crash('g', 'a');
    let found: number | undefined | 'nothing yet' = 'nothing yet';
    void position(0).then((it) => (found = it));
    for (let i = 0; i < 5; i++) await turn();
    expect(found).toBe('nothing yet');
    await log.transactor('a');
    await turn();
    expect([found, await ends('committed'), await read()]).toEqual([undefined, 2, []]);
  });

  test.each([
    ['all', undefined],
    ['records', 9],
  ] as const)('holds markers back: %s', async (held, known) => {
    const a = await join('a');
    const hold = held === 'all' ? held : () => true;
    const release = log.cluster.transactions.holdMarkers('g', hold);
    await a.commit(1, 9);
    expect([await read(), await ends('committed'), await ends('uncommitted')]).toEqual([[], 0, 1]);
    let found: number | undefined;
    void position(1).then((it) => (found = it));
    await turn();
    expect(found).toBe(known);
    release();
    await turn();
    expect([await read(), await ends('committed'), found]).toEqual([['0:x'], 2, 9]);
  });

  test('refuses the producer whose slot was opened again, and a log for one has no cluster', async () => {
    const a = await join('a');
    await log.transactor('a');
    await expect(a.commit(0, 1)).rejects.toMatchObject({ code: 'FENCED' });
    const single = new MemoryLog({ clock: new ManualClock() });
    expect(() => single.cluster).toThrow('this log allows one member: open it with "many"');
  });
});
