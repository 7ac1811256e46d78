import { describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../../runtime/codec/batch-builder.ts';
import { batchLayout } from '../../../runtime/codec/batch-header.ts';
import { forEachBatch, ownBatches } from '../../../runtime/codec/fetched-batches.ts';
import { noHeaders } from '../../../topology/core/record.ts';
import { batchOf, plain, recordsOf } from './records.ts';

/** The records of a Fetch response: a buffer of its own. */
function response(...parts: readonly Buffer[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) position += part.copy(bytes, position);
  return bytes;
}

function split(records: Buffer): Buffer[] {
  const batches: Buffer[] = [];
  forEachBatch(records, (batch) => batches.push(batch));
  return batches;
}

const one = batchOf(plain('a', '1', 10), plain('b', '2', 20));
const two = batchOf(plain('c', null, 30));

describe('forEachBatch', () => {
  test('gives views of all batches in order', () => {
    const records = response(one, two, one);
    const batches = split(records);
    expect(batches.map((it) => it.toString('hex'))).toEqual(
      [one, two, one].map((it) => it.toString('hex')),
    );
    expect(batches.every((it) => it.buffer === records.buffer)).toBe(true);
  });

  test('gives nothing of empty records', () => {
    expect(split(Buffer.alloc(0))).toEqual([]);
  });

  test('leaves out a batch that is cut off, wherever it is cut', () => {
    const whole = response(one, two);
    for (let length = one.length; length < whole.length; length++) {
      expect(split(whole.subarray(0, length)).length).toBe(1);
    }
    for (let length = 0; length < one.length; length++) {
      expect(split(whole.subarray(0, length))).toEqual([]);
    }
    expect(split(whole).length).toBe(2);
  });

  test.each([0, 1, 3])('refuses message format %d', (format) => {
    const old = Buffer.from(two);
    old[batchLayout.magic] = format;
    expect(() => split(response(one, old))).toThrow(
      `a record batch has message format ${format}; only format 2 (Kafka 0.11 and later) is read`,
    );
  });

  test('refuses a message of format 1 that is shorter than the header of a batch', () => {
    const message = Buffer.alloc(34);
    message.writeInt32BE(22, 8);
    message[16] = 1;
    expect(() => split(message)).toThrow('a record batch has message format 1');
  });

  test.each([-13, -12, 0, 48])('refuses a batch that says it is %d bytes long', (length) => {
    const damaged = Buffer.from(one);
    damaged.writeInt32BE(length, batchLayout.length);
    expect(() => split(damaged)).toThrow('a record batch is shorter than its header');
  });

  test('gives a batch of 200,000 records whole', () => {
    const builder = new RecordBatchBuilder();
    for (let i = 0; i < 200_000; i++) {
      builder.appendPair(i, Buffer.from(`k${i}`), Buffer.from('value'), noHeaders);
    }
    const big = builder.finish();
    expect(big.length).toBeGreaterThan(2_000_000);
    const batches = split(response(two, big, two));
    expect(batches.map((it) => it.length)).toEqual([two.length, big.length, two.length]);
    const records = recordsOf(batches[1] as Buffer);
    expect(records.length).toBe(200_000);
    expect(records.at(-1)).toEqual({ ...plain('k199999', 'value', 199_999), offset: 199_999 });
  });
});

describe('ownBatches', () => {
  const large = batchOf(plain('key', 'v'.repeat(100_000)));

  test('gives back a batch that is half of its response or more', () => {
    const batches = split(response(large, large));
    expect(ownBatches(batches)).toBe(batches);
  });

  test('gives back batches of a small response', () => {
    const batches = split(response(one, one, one));
    expect(ownBatches(batches)).toBe(batches);
  });

  test('copies a batch that is less than half, so that the response can be freed', () => {
    const records = response(large, large, Buffer.alloc(1));
    const [batch] = split(records) as [Buffer];
    const [own] = ownBatches([batch]) as [Buffer];
    expect(own.equals(large)).toBe(true);
    expect(own.buffer).not.toBe(records.buffer);
    expect(own.buffer.byteLength).toBe(large.length);
  });

  test('lets small copies share memory, of 64 KiB at most', () => {
    const batches = split(response(...Array.from({ length: 2000 }, () => one), large, large));
    const own = ownBatches(batches);
    expect(Buffer.concat(own).equals(Buffer.concat(batches))).toBe(true);
    const small = [...new Set(own.slice(0, 2000).map(({ buffer }) => buffer.byteLength))];
    expect(small[0]).toBe(65_536);
    expect(Math.max(...small)).toBe(65_536);
    expect(own.at(-1)!.buffer.byteLength).toBe(large.length);
  });
});
