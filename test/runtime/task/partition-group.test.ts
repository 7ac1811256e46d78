import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PartitionGroup, type PartitionHead } from '../../../runtime/task/partition-group.ts';

/** A partition whose records are their times. */
class Times implements PartitionHead {
  readonly times: number[] = [];
  lag: number | undefined = 0;
  paused = false;
  pendingSchema: number | undefined;
  askedIn = 0;
  filledIn = 0;

  constructor(...times: readonly number[]) {
    this.times.push(...times);
  }

  headTime(): number | undefined {
    return this.times[0];
  }
}

type ChoosingOp =
  | { readonly op: 'add'; readonly partition: string; readonly ts: readonly number[] }
  | { readonly op: 'next'; readonly expect: { readonly partition?: string; readonly ts: number } }
  | {
      readonly op: 'ready';
      readonly bufferedP2: number;
      readonly lagP2: number | null;
      readonly now: number;
      readonly expect: boolean;
    };

interface Choosing {
  readonly name: string;
  readonly maxTaskIdleMs?: number;
  readonly ops: readonly ChoosingOp[];
}

const vectors = JSON.parse(
  readFileSync(new URL('../../conformance/vectors/record-choosing.json', import.meta.url), 'utf8'),
) as readonly Choosing[];

describe('PartitionGroup', () => {
  test.each(vectors)('follows $name', ({ ops, maxTaskIdleMs = 0 }) => {
    const p1 = new Times();
    const p2 = new Times();
    const group = new PartitionGroup([p1, p2], maxTaskIdleMs);
    for (const op of ops) {
      if (op.op === 'add') {
        (op.partition === 'p1' ? p1 : p2).times.push(...op.ts);
      } else if (op.op === 'next') {
        const chosen = group.next();
        expect(chosen?.times.shift()).toBe(op.expect.ts);
        if (op.expect.partition !== undefined) {
          expect(chosen).toBe(op.expect.partition === 'p1' ? p1 : p2);
        }
      } else {
        // The vector's p1 has two records buffered.
        if (p1.times.length === 0) p1.times.push(0, 0);
        p2.times.length = op.bufferedP2;
        p2.lag = op.lagP2 ?? undefined;
        expect(group.ready(op.now)).toBe(op.expect);
      }
    }
  });

  test('takes the earlier declared partition on a tie', () => {
    const first = new Times(5);
    const group = new PartitionGroup([first, new Times(5)], 0);
    expect(group.next()).toBe(first);
  });

  test('is not ready while an empty partition is known to have more', () => {
    const behind = new Times();
    behind.lag = 1;
    const group = new PartitionGroup([new Times(1), behind], 0);
    expect(group.ready(0)).toBe(false);
    expect(group.ready(1_000_000)).toBe(false);
    behind.times.push(0);
    expect(group.ready(1_000_000)).toBe(true);
  });

  test('is not ready with nothing buffered', () => {
    expect(new PartitionGroup([new Times(), new Times()], 0).ready(0)).toBe(false);
    expect(new PartitionGroup([new Times()], -1).ready(0)).toBe(false);
  });

  test('waits for a caught-up partition from the moment it is seen empty, and says until when', () => {
    const empty = new Times();
    const group = new PartitionGroup([new Times(1), empty], 10);
    expect(group.idleUntil()).toBeUndefined();
    expect(group.ready(5)).toBe(false);
    expect(group.idleUntil()).toBe(15);
    expect(group.ready(14)).toBe(false);
    expect(group.ready(15)).toBe(true);
  });

  test('asks for no wake-up once a partition was waited out', () => {
    const group = new PartitionGroup([new Times(1), new Times()], 10);
    group.ready(0);
    group.ready(10);
    expect(group.idleUntil()).toBeUndefined();
    expect(group.ready(11)).toBe(true);
  });

  test('asks for no wake-up where it never waits by time', () => {
    const group = new PartitionGroup([new Times(1), new Times()], 0);
    expect(group.ready(0)).toBe(true);
    expect(group.idleUntil()).toBeUndefined();
  });

  test('waits anew after a partition had data again', () => {
    const empty = new Times();
    const group = new PartitionGroup([new Times(1), empty], 10);
    group.ready(0);
    expect(group.ready(10)).toBe(true);
    empty.times.push(3);
    expect(group.ready(11)).toBe(true);
    empty.times.shift();
    expect(group.ready(12)).toBe(false);
    expect(group.idleUntil()).toBe(22);
  });

  test('neither waits for a paused partition nor takes from it', () => {
    const paused = new Times(0);
    const open = new Times(1);
    const group = new PartitionGroup([paused, open], 10);
    paused.paused = true;
    expect(group.ready(0)).toBe(true);
    expect(group.next()).toBe(open);
    open.times.shift();
    expect(group.ready(20)).toBe(false);
    expect(group.next()).toBeUndefined();
  });

  test.each([-1, 0])(
    'waits for a head whose schema is looked up, with max-task-idle %d',
    (idle) => {
      const pending = new Times();
      const group = new PartitionGroup([new Times(5), pending], idle);
      pending.pendingSchema = 7;
      expect(group.ready(0)).toBe(false);
      expect(group.idleUntil()).toBeUndefined();
      pending.pendingSchema = undefined;
      pending.times.push(1);
      expect([group.ready(0), group.next()]).toEqual([true, pending]);
    },
  );

  test('waits for an empty partition no longer when the clock goes back', () => {
    const group = new PartitionGroup([new Times(1), new Times()], 10);
    expect(group.ready(100_000)).toBe(false);
    expect(group.ready(0)).toBe(false);
    expect(group.idleUntil()).toBe(10);
    expect(group.ready(10)).toBe(true);
  });

  test('does not believe what was known of an empty partition before the records of others came', () => {
    const asked = new Times();
    const filled = new Times(5);
    const group = new PartitionGroup([asked, filled], 0);
    asked.askedIn = 3;
    filled.filledIn = 4;
    expect(group.ready(0)).toBe(false);
    expect(group.idleUntil()).toBeUndefined();
    asked.askedIn = 4;
    expect(group.ready(0)).toBe(true);
  });
});
