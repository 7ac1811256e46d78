import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../../runtime/codec/batch-builder.ts';
import { filterBatch } from '../../../runtime/codec/batch-filter.ts';
import {
  assignBaseOffset,
  batchBaseOffset,
  batchCount,
  batchLastOffset,
  batchLayout,
  batchMaxTimestamp,
  isControlBatch,
} from '../../../runtime/codec/batch-header.ts';
import { RecordBatchReader } from '../../../runtime/codec/batch-reader.ts';
import { sealBatch } from '../../../runtime/codec/batch-seal.ts';
import { noHeaders } from '../../../topology/core/record.ts';
import { anyRecord, batchOf, plain, recordsOf } from './records.ts';

/** CRC-32C, bit by bit, as in RFC 3720. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const hex = (text: string): Buffer => Buffer.from(text.replace(/\s/g, ''), 'hex');

describe('RecordBatchBuilder', () => {
  test('writes the bytes of the format, field by field', () => {
    const batch = batchOf(
      { ...plain('k', 'v1', 1_000), headers: [['h', Buffer.from([1])]] },
      { ...plain(null, null, 990), headers: [['n', null]] },
    );
    const rest = hex(
      '0000' + // attributes
        '00000001' + // last offset delta
        '00000000000003e8 00000000000003e8' + // base and maximal time
        'ffffffffffffffff ffff ffffffff' + // no producer
        '00000002' + // records
        '1a 00 00 00 02 6b 04 7631 02 02 68 02 01' +
        '12 00 13 02 01 01 02 02 6e 01',
    );
    const head = Buffer.alloc(21);
    head.writeInt32BE(rest.length + 9, 8);
    head.writeInt32BE(-1, 12);
    head[16] = 2;
    head.writeUInt32BE(slowCrc32c(rest), 17);
    expect(batch.toString('hex')).toBe(Buffer.concat([head, rest]).toString('hex'));
  });

  test('gives back any records', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 200 }), (records) => {
        const batch = batchOf(...records);
        expect(recordsOf(batch)).toEqual(records.map((record, offset) => ({ ...record, offset })));
        expect(batchCount(batch)).toBe(records.length);
        expect(batchLastOffset(batch)).toBe(records.length - 1);
        expect(batchMaxTimestamp(batch)).toBe(Math.max(...records.map((record) => record.time)));
      }),
      { numRuns: 60 },
    );
  });

  test('takes key and value from one source buffer', () => {
    const builder = new RecordBatchBuilder();
    const source = Buffer.from('xxkeyvalue');
    builder.append(5, source, 2, 5, 5, 10, noHeaders);
    builder.append(6, source, 0, -1, 0, -1, noHeaders);
    expect(recordsOf(builder.finish())).toEqual([
      { ...plain('key', 'value', 5), offset: 0 },
      { ...plain(null, null, 6), offset: 1 },
    ]);
  });

  test('after going back to marks equals a builder that never had the dropped records', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: anyRecord.map((record) => ({ record })) },
      { weight: 2, arbitrary: fc.constant('mark' as const) },
      { weight: 2, arbitrary: fc.constant('rollback' as const) },
    );
    fc.assert(
      fc.property(anyRecord, fc.array(step, { maxLength: 60 }), (last, steps) => {
        const builder = new RecordBatchBuilder();
        const marks = [{ mark: builder.mark(), length: 0 }];
        const kept = [];
        for (const it of steps) {
          if (it === 'mark') {
            marks.push({ mark: builder.mark(), length: kept.length });
          } else if (it === 'rollback') {
            const { mark, length } = marks.length > 1 ? marks.pop()! : marks[0]!;
            builder.rollback(mark);
            kept.length = length;
          } else {
            const { time, key, value, headers } = it.record;
            builder.appendPair(time, key, value, headers);
            kept.push(it.record);
          }
        }
        builder.appendPair(last.time, last.key, last.value, last.headers);
        expect(builder.count).toBe(kept.length + 1);
        const bytes = builder.bytes;
        const batch = builder.finish();
        expect(batch.length).toBe(bytes);
        expect(batch.equals(batchOf(...kept, last))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('is empty and usable again after a batch', () => {
    const builder = new RecordBatchBuilder();
    builder.appendPair(9_000, Buffer.from('a'), null, noHeaders);
    builder.finish();
    expect(builder.count).toBe(0);
    builder.appendPair(10, null, Buffer.from('b'), noHeaders);
    expect(builder.finish().equals(batchOf(plain(null, 'b', 10)))).toBe(true);
  });

  test('refuses to finish without a record', () => {
    const builder = new RecordBatchBuilder();
    expect(() => builder.finish()).toThrow('a record batch needs at least one record');
  });

  test('refuses a mark that lies ahead', () => {
    const builder = new RecordBatchBuilder();
    builder.appendPair(0, null, null, noHeaders);
    const mark = builder.mark();
    builder.reset();
    expect(() => builder.rollback(mark)).toThrow('a batch cannot go back to a mark ahead of it');
  });
});

describe('RecordBatchReader', () => {
  test('reads offsets from an assigned base offset without a new checksum', () => {
    const batch = batchOf(plain('a', '1'), plain('b', '2'));
    assignBaseOffset(batch, 5_000_000_000);
    expect(recordsOf(batch).map((record) => record.offset)).toEqual([5_000_000_000, 5_000_000_001]);
    expect(batchBaseOffset(batch)).toBe(5_000_000_000);
  });

  test('notices a flip of any single bit behind the base offset', () => {
    const batch = batchOf(plain('key', 'value', 7));
    const reader = new RecordBatchReader();
    for (let bit = 64; bit < batch.length * 8; bit++) {
      if (bit >= 96 && bit < 128) continue; // the leader epoch is outside the checksum
      const damaged = Buffer.from(batch);
      damaged[bit >>> 3]! ^= 1 << (bit & 7);
      expect(() => reader.open(damaged)).toThrow(/damaged|message format/);
    }
  });

  test.each([0, 1, 60, 61, 70])('refuses a batch cut to %d bytes', (length) => {
    const batch = batchOf(plain('key', 'value'));
    expect(() => new RecordBatchReader().open(batch.subarray(0, length))).toThrow('damaged');
  });

  test('says which compression it does not read', () => {
    const batch = batchOf(plain('key', 'value'));
    batch.writeInt16BE(4, batchLayout.attributes);
    sealBatch(batch);
    expect(() => new RecordBatchReader().open(batch)).toThrow(
      'a record batch is compressed with zstd where records can be read in place only',
    );
  });

  test('says which message format it does not read', () => {
    const batch = batchOf(plain('key', 'value'));
    batch[batchLayout.magic] = 1;
    expect(() => new RecordBatchReader().open(batch)).toThrow('message format 1');
  });

  test('refuses records that do not fill the batch', () => {
    const batch = batchOf(plain('a', '1'), plain('b', '2'));
    batch.writeInt32BE(1, batchLayout.count);
    sealBatch(batch);
    const reader = new RecordBatchReader();
    reader.open(batch);
    expect(reader.next()).toBe(true);
    expect(() => reader.next()).toThrow('bytes behind its last record');
  });

  test.each([
    ['a negative number of headers', '0c 00 00 00 01 01 01', 'a negative number of headers'],
    ['a header name that reaches too far', '10 00 00 00 01 01 02 7e 61', 'headers longer'],
    ['a header name of negative length', '10 00 00 00 01 01 02 01 61', 'headers longer'],
    ['a header value that reaches too far', '12 00 00 00 01 01 02 02 61 7e', 'headers longer'],
    ['fewer headers than it says', '12 00 00 00 01 01 7e 02 61 01', 'headers longer'],
  ])('refuses %s', (_, record, message) => {
    const head = batchOf(plain(null, null)).subarray(0, batchLayout.records);
    const batch = Buffer.concat([head, hex(record)]);
    batch.writeInt32BE(batch.length - batchLayout.leaderEpoch, batchLayout.length);
    sealBatch(batch);
    const reader = new RecordBatchReader();
    reader.open(batch);
    expect(reader.next()).toBe(true);
    expect(() => reader.headers()).toThrow(message);
  });

  test('gives records or BATCH_CORRUPT, whatever bytes follow a header that is in order', () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 120 }),
      fc.array(fc.constantFrom(0, 1, 2, 4, 20, 0x7f, 0x80, 0xff), { maxLength: 60 }),
    );
    const count = fc.oneof(fc.nat({ max: 4 }), fc.constantFrom(-1, 2 ** 31 - 1));
    fc.assert(
      fc.property(noise, count, (bytes, count) => {
        const head = batchOf(plain(null, null)).subarray(0, batchLayout.records);
        const batch = Buffer.concat([head, Uint8Array.from(bytes)]);
        batch.writeInt32BE(batch.length - batchLayout.leaderEpoch, batchLayout.length);
        batch.writeInt32BE(count, batchLayout.count);
        sealBatch(batch);
        try {
          expect(recordsOf(batch).length).toBe(count);
        } catch (error) {
          expect(error).toMatchObject({ name: 'StorageError', code: 'BATCH_CORRUPT' });
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('has no record any more once it is closed', () => {
    const reader = new RecordBatchReader();
    reader.open(batchOf(plain('a', '1'), plain('b', '2')));
    reader.next();
    reader.close();
    expect(reader.next()).toBe(false);
    expect(reader.buffer.length).toBe(0);
  });

  test('reads the log append time where the batch carries it', () => {
    const batch = batchOf(plain('a', '1', 10), plain('b', '2', 20));
    batch.writeInt16BE(0x08, batchLayout.attributes);
    sealBatch(batch);
    expect(recordsOf(batch).map((record) => record.time)).toEqual([20, 20]);
  });
});

describe('isControlBatch', () => {
  test('tells markers from records', () => {
    const batch = batchOf(plain('a', '1'));
    expect(isControlBatch(batch)).toBe(false);
    batch.writeInt16BE(0x30, batchLayout.attributes);
    expect(isControlBatch(batch)).toBe(true);
  });
});

describe('filterBatch', () => {
  test('keeps offsets and times of what stays', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyRecord, fc.boolean()), { minLength: 1 }), (marked) => {
        const batch = batchOf(...marked.map(([record]) => record));
        assignBaseOffset(batch, 77);
        const filtered = filterBatch(batch, (it) => marked[it.offset - 77]![1]);
        const kept = marked
          .map(([record, keep], i) => ({ record: { ...record, offset: 77 + i }, keep }))
          .flatMap(({ record, keep }) => (keep ? [record] : []));
        expect(filtered === undefined ? [] : recordsOf(filtered)).toEqual(kept);
        if (filtered === undefined) return;
        expect(batchLastOffset(filtered)).toBe(77 + marked.length - 1);
        expect(batchMaxTimestamp(filtered)).toBe(Math.max(...kept.map(({ time }) => time)));
      }),
    );
  });

  test('is the batch itself when everything stays', () => {
    const batch = batchOf(plain('a', '1'));
    expect(filterBatch(batch, () => true)).toBe(batch);
  });
});
