import { describe, expect, test } from 'vitest';
import { assignBaseOffset } from '../../../runtime/codec/batch-header.ts';
import type { RecordBatchReader } from '../../../runtime/codec/batch-reader.ts';
import type { FetchedPartition } from '../../../runtime/ports.ts';
import { PartitionQueue, SchemaPending } from '../../../runtime/task/partition-queue.ts';
import { SerdeError } from '../../../topology/core/errors.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import { batchOf, plain } from '../codec/records.ts';

const unresolved = new Set<string>();

/** Values are text; "poison" does not decode, and what is in `unresolved` waits for a schema. */
function decode(reader: RecordBatchReader, topic: string, partition: number): StreamRecord {
  const value = String(reader.value());
  if (value === 'poison') throw new SerdeError('SERDE_DECODE', 'no');
  if (unresolved.has(value)) throw new SchemaPending(7);
  const { timestamp, offset } = reader;
  return new StreamRecord(String(reader.key()), value, timestamp, [], topic, partition, offset);
}

function batch(baseOffset: number, ...values: readonly string[]): Buffer {
  const made = batchOf(...values.map((value, i) => plain(`k${baseOffset + i}`, value, 100 + i)));
  assignBaseOffset(made, baseOffset);
  return made;
}

function fetched(
  nextOffset: number,
  endOffset: number,
  ...batches: readonly Buffer[]
): FetchedPartition {
  return { topic: 't', partition: 0, batches, nextOffset, startOffset: 0, endOffset };
}

function queueAt(position: number): PartitionQueue {
  return new PartitionQueue('t', 0, position, decode);
}

function takeAll(queue: PartitionQueue): (readonly [string, number])[] {
  const taken: (readonly [string, number])[] = [];
  while (queue.headTime() !== undefined) {
    const item = queue.take();
    taken.push(
      item instanceof StreamRecord ? [item.value as string, item.offset] : ['poison', item.offset],
    );
  }
  return taken;
}

describe('PartitionQueue', () => {
  test('gives records in order and moves the position behind each', () => {
    const queue = queueAt(0);
    queue.add(fetched(3, 3, batch(0, 'a', 'b'), batch(2, 'c')));
    expect(queue.headTime()).toBe(100);
    expect(queue.position).toBe(0);
    queue.take();
    expect(queue.position).toBe(1);
    expect(takeAll(queue)).toEqual([
      ['b', 1],
      ['c', 2],
    ]);
    expect(queue.position).toBe(3);
  });

  test('skips records of a batch that begins before the position', () => {
    const queue = queueAt(2);
    queue.add(fetched(3, 3, batch(0, 'a', 'b', 'c')));
    expect(takeAll(queue)).toEqual([['c', 2]]);
  });

  test('gives the place of a record that does not decode, and goes on behind it', () => {
    const queue = queueAt(0);
    queue.add(fetched(3, 3, batch(0, 'a', 'poison', 'c')));
    expect(takeAll(queue)).toEqual([
      ['a', 0],
      ['poison', 1],
      ['c', 2],
    ]);
  });

  test('finds the raw bytes of what was taken, until they are released', () => {
    const queue = queueAt(0);
    queue.add(fetched(4, 4, batch(0, 'a', 'b'), batch(2, 'c', 'd')));
    for (let i = 0; i < 3; i++) {
      queue.headTime();
      queue.take();
    }
    expect(String(queue.raw(0)?.value)).toBe('a');
    expect(queue.raw(2)).toEqual({
      key: Buffer.from('k2'),
      value: Buffer.from('c'),
      headers: [],
      time: 100,
    });
    queue.headTime();
    queue.release();
    expect(queue.raw(0)).toBeUndefined();
    // The batch that is being read stays.
    expect(String(queue.raw(2)?.value)).toBe('c');
  });

  test('counts the bytes that it holds until they are released', () => {
    const queue = queueAt(0);
    const first = batch(0, 'a');
    const second = batch(1, 'b');
    queue.add(fetched(2, 2, first, second));
    expect(queue.bufferedBytes).toBe(first.length + second.length);
    takeAll(queue);
    queue.release();
    expect(queue.bufferedBytes).toBe(0);
  });

  test('starts over after a reset, and forgets what it held', () => {
    const queue = queueAt(0);
    queue.add(fetched(2, 5, batch(0, 'a', 'b')));
    takeAll(queue);
    queue.reset(1);
    expect([queue.position, queue.fetchPosition, queue.lag]).toEqual([1, 1, 4]);
    expect([queue.headTime(), queue.bufferedBytes]).toEqual([undefined, 0]);
    queue.add(fetched(2, 2, batch(0, 'a', 'b')));
    expect(takeAll(queue)).toEqual([['b', 1]]);
  });

  test('waits with a record whose schema is not known yet, and decodes it again', () => {
    unresolved.add('b');
    const queue = queueAt(0);
    queue.add(fetched(3, 3, batch(0, 'a', 'b', 'c')));
    expect(takeAll(queue)).toEqual([['a', 0]]);
    expect(queue.pendingSchema).toBe(7);
    expect(queue.caughtUp).toBe(false);
    queue.settlePosition();
    expect(queue.position).toBe(1);
    unresolved.delete('b');
    queue.schemaResolved();
    expect(takeAll(queue)).toEqual([
      ['b', 1],
      ['c', 2],
    ]);
  });

  test('moves past offsets that hold nothing', () => {
    const queue = queueAt(0);
    queue.add(fetched(5, 5));
    expect(queue.position).toBe(5);
    queue.add(fetched(9, 9, batch(5, 'a')));
    takeAll(queue);
    expect(queue.position).toBe(6);
    queue.settlePosition();
    expect(queue.position).toBe(9);
  });

  test('keeps the position before buffered records when an empty fetch comes', () => {
    const queue = queueAt(0);
    queue.add(fetched(1, 4, batch(0, 'a')));
    queue.add(fetched(4, 4));
    expect(queue.position).toBe(0);
    queue.settlePosition();
    expect(queue.position).toBe(0);
  });

  test('knows its lag only after a fetch, and when it has caught up', () => {
    const queue = queueAt(0);
    expect([queue.lag, queue.caughtUp]).toEqual([undefined, false]);
    queue.add(fetched(1, 2, batch(0, 'a')));
    expect([queue.lag, queue.caughtUp]).toEqual([1, false]);
    queue.add(fetched(2, 2, batch(1, 'b')));
    expect([queue.lag, queue.caughtUp]).toEqual([0, false]);
    takeAll(queue);
    expect(queue.caughtUp).toBe(true);
  });

  test('keeps its place before a record that waits for a schema when there is nothing new', () => {
    const queue = queueAt(0);
    unresolved.add('later');
    queue.add(fetched(2, 2, batch(0, 'later', 'b')));
    expect(queue.headTime()).toBeUndefined();
    queue.add(fetched(2, 2));
    expect(queue.position).toBe(0);
    unresolved.delete('later');
    queue.schemaResolved();
    expect(takeAll(queue)).toEqual([
      ['later', 0],
      ['b', 1],
    ]);
  });
});
