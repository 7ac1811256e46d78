import { gzipSync, zstdCompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import {
  checkCompression,
  compressBatch,
  decompressBatch,
} from '../../../runtime/codec/batch-compression.ts';
import {
  assignBaseOffset,
  batchCompressionId,
  batchLayout,
} from '../../../runtime/codec/batch-header.ts';
import { RecordBatchReader } from '../../../runtime/codec/batch-reader.ts';
import { sealBatch } from '../../../runtime/codec/batch-seal.ts';
import { type Compression, compressions } from '../../../runtime/codec/compression.ts';
import { anyRecord, batchOf, plain, recordsOf } from './records.ts';

const codecs = compressions.filter((it) => it !== 'none');

const sample = (): Buffer =>
  batchOf(
    { ...plain('key', 'value '.repeat(200), 1_700_000_000_000), headers: [['h', null]] },
    plain(null, 'tail', 1_700_000_000_005),
  );

/** The sample's header in front of another payload, as if a producer had compressed it so. */
function withPayload(codec: Compression, payload: Uint8Array): Buffer {
  const batch = Buffer.concat([sample().subarray(0, batchLayout.records), payload]);
  batch.writeInt32BE(batch.length - batchLayout.leaderEpoch, batchLayout.length);
  batch.writeInt16BE(compressions.indexOf(codec), batchLayout.attributes);
  sealBatch(batch);
  return batch;
}

const payloadOf = (batch: Buffer): Buffer => batch.subarray(batchLayout.records);

describe.each(codecs)('compressBatch and decompressBatch with %s', (codec) => {
  test('give back any batch, byte for byte', () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 200 }), (records) => {
        const batch = batchOf(...records);
        const compressed = compressBatch(batch, codec);
        expect(batchCompressionId(compressed)).toBe(compressions.indexOf(codec));
        expect(decompressBatch(compressed).equals(batch)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  test('keep offsets, times, attributes and producer', () => {
    const batch = sample();
    assignBaseOffset(batch, 5_000_000_000);
    batch.writeInt32BE(7, batchLayout.leaderEpoch);
    batch.writeInt16BE(0x08, batchLayout.attributes);
    sealBatch(batch, { producerId: 4_000_000_001, epoch: 3, baseSequence: 9, transactional: true });
    const compressed = compressBatch(batch, codec);
    expect(compressed.length).toBeLessThan(batch.length);
    expect(compressed.readInt16BE(batchLayout.attributes)).toBe(0x18 | compressions.indexOf(codec));
    expect(decompressBatch(compressed).equals(batch)).toBe(true);
  });

  test('give back a batch of many blocks that hardly compress', () => {
    const noise = Buffer.alloc(300_000);
    let state = 1;
    for (let i = 0; i < noise.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      noise[i] = state >>> 24;
    }
    const batch = batchOf(
      ...Array.from({ length: 10 }, (_, i) => ({
        ...plain(`k${i}`, null, i),
        value: noise.subarray(i, 250_000 + i),
      })),
    );
    expect(decompressBatch(compressBatch(batch, codec)).equals(batch)).toBe(true);
  });

  test('take a batch of exactly the limit and refuse one byte more', () => {
    const batch = batchOf(plain('k', 'x'.repeat(100_000)));
    const compressed = compressBatch(batch, codec);
    const bytes = batch.length - batchLayout.records;
    // Of lz4 frames only the blocks' sizes are known before: two blocks of 64 KiB.
    const held = codec === 'lz4' ? lz4Bound(payloadOf(compressed)) : bytes;
    expect(decompressBatch(compressed, held).equals(batch)).toBe(true);
    expect(() => decompressBatch(compressed, held - 1)).toThrow(
      `a record batch compressed with ${codec} holds more than ${held - 1} bytes: ` +
        'have its producer write smaller batches',
    );
  });

  test('check the CRC before they decompress', () => {
    const compressed = compressBatch(sample(), codec);
    compressed[compressed.length - 1]! ^= 1;
    expect(() => decompressBatch(compressed)).toThrow('does not match its checksum');
  });

  test.each(['garbage that is not compressed', ''])(
    'name the codec when the payload is %j',
    (text) => {
      const batch = withPayload(codec, Buffer.from(text));
      const message = new RegExp(
        `(does not decompress with ${codec} \\(|LZ4 frame|snappy block).*damaged`,
      );
      expect(() => decompressBatch(batch)).toThrow(message);
    },
  );

  test('never give other records when the payload is damaged', () => {
    const batch = sample();
    const payload = payloadOf(compressBatch(batch, codec));
    const offset = fc.nat({ max: payload.length - 1 });
    fc.assert(
      fc.property(offset, fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, cut) => {
        const damaged = Buffer.from(cut ? payload.subarray(0, at) : payload);
        if (!cut) damaged[at]! ^= flip;
        let records;
        try {
          records = recordsOf(decompressBatch(withPayload(codec, damaged), 1_000_000));
        } catch (error) {
          expect(error).toMatchObject({ name: 'StorageError' });
          return;
        }
        // Checksums of the codecs cover more or less: what passes has the shape of the batch.
        expect(records.length).toBe(2);
      }),
      { numRuns: 300 },
    );
  });

  test('refuse to compress twice', () => {
    const compressed = compressBatch(sample(), codec);
    expect(() => compressBatch(compressed, codec)).toThrow('a record batch is compressed already');
  });
});

/** What the blocks of an LZ4 frame of our own could hold. */
function lz4Bound(frame: Buffer): number {
  let bytes = 0;
  let position = 7;
  for (;;) {
    const length = frame.readUInt32LE(position);
    if (length === 0) return bytes;
    bytes += Math.min(2 ** (8 + 2 * (frame[5]! >>> 4)), length * 255);
    position += 4 + length;
  }
}

/**
 * An LZ4 frame with content size and checksums, these by the Java client's library. Its first block
 * is 34 bytes as they are; its second one, 10 bytes, copies from the first one.
 */
const linkedFrame = Buffer.from(
  '04224d185c40490000000000000000' +
    '220000806c696e6b656420626c6f636b732073686172652074686569722077696e646f773b2019dcf589' +
    '0a0000000f22000f50616761696ee874e45a' +
    '00000000667e81e4',
  'hex',
);

describe('compressBatch', () => {
  test('gives back the batch itself without compression', () => {
    const batch = sample();
    expect(compressBatch(batch, 'none')).toBe(batch);
  });

  test.each([
    ['gzip', 1, 9],
    ['zstd', -5, 19],
  ] as const)('of %s gives a smaller batch at a higher level', (codec, low, high) => {
    const words = Array.from({ length: 5_000 }, (_, i) => `word ${(i * i) % 977}`).join(' ');
    const batch = batchOf(plain('k', words));
    const small = compressBatch(batch, codec, high);
    expect(small.length).toBeLessThan(compressBatch(batch, codec, low).length);
    expect(decompressBatch(small).equals(batch)).toBe(true);
  });
});

describe('checkCompression', () => {
  test.each([
    ['none', 1, 'compression none has no levels, but 1 was asked for: leave the level out'],
    ['snappy', 1, 'compression snappy has no levels, but 1 was asked for: leave the level out'],
    ['lz4', 9, 'compression lz4 has no levels, but 9 was asked for: leave the level out'],
    ['gzip', 0, 'compression gzip has no level 0: use a whole number from 1 to 9'],
    ['gzip', 10, 'compression gzip has no level 10: use a whole number from 1 to 9'],
    ['gzip', 1.5, 'compression gzip has no level 1.5: use a whole number from 1 to 9'],
    ['zstd', 23, 'compression zstd has no level 23: use a whole number from -131072 to 22'],
  ] as const)('refuses %s with level %d', (compression, level, message) => {
    expect(() => checkCompression(compression, level)).toThrow(message);
    expect(() => compressBatch(sample(), compression, level)).toThrow(message);
  });

  test.each([
    ['gzip', 1],
    ['gzip', 9],
    ['zstd', -131_072],
    ['zstd', 22],
    ['snappy', undefined],
  ] as const)('takes %s with level %s', (compression, level) => {
    expect(() => checkCompression(compression, level)).not.toThrow();
  });
});

describe('decompressBatch', () => {
  test('gives back an uncompressed batch itself', () => {
    const batch = sample();
    expect(decompressBatch(batch)).toBe(batch);
  });

  test('checks an uncompressed batch too', () => {
    const batch = sample();
    batch[batch.length - 1]! ^= 1;
    expect(() => decompressBatch(batch)).toThrow('does not match its checksum');
  });

  test.each([5, 6, 7])('refuses the unknown codec %d', (id) => {
    const batch = sample();
    batch.writeInt16BE(id, batchLayout.attributes);
    sealBatch(batch);
    expect(() => decompressBatch(batch)).toThrow(
      `a record batch is compressed with codec ${id}, which is not known: ` +
        'have its producer write gzip, snappy, lz4 or zstd',
    );
  });

  test('reads bare snappy, as librdkafka may write it', () => {
    const batch = sample();
    expect(
      decompressBatch(withPayload('snappy', compressSync(payloadOf(batch)))).equals(batch),
    ).toBe(true);
  });

  test.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
  ] as const)('reads %s of several members or frames', (codec, compress) => {
    const batch = sample();
    const payload = payloadOf(batch);
    const parts = [compress(payload.subarray(0, 500)), compress(payload.subarray(500))];
    expect(decompressBatch(withPayload(codec, Buffer.concat(parts))).equals(batch)).toBe(true);
  });

  test('reads an LZ4 frame of linked blocks with content size and checksums', () => {
    const text = 'linked blocks share their window; ';
    const result = decompressBatch(withPayload('lz4', linkedFrame));
    expect(payloadOf(result).toString()).toBe(`${text}${text}again`);
  });

  test('bounds an LZ4 frame by what its blocks can hold, 255 bytes for one', () => {
    const batch = withPayload('lz4', linkedFrame);
    expect(() => decompressBatch(batch, 34 + 10 * 255)).not.toThrow();
    expect(() => decompressBatch(batch, 34 + 10 * 255 - 1)).toThrow('holds more than 2583 bytes');
  });

  test('bounds zstd frames together', () => {
    const payload = payloadOf(sample());
    const parts = [payload.subarray(0, 500), payload.subarray(500)].map((it) =>
      zstdCompressSync(it),
    );
    const batch = withPayload('zstd', Buffer.concat(parts));
    expect(() => decompressBatch(batch, payload.length)).not.toThrow();
    expect(() => decompressBatch(batch, payload.length - 1)).toThrow('holds more than');
  });

  test('refuses a snappy block that claims more than the limit without allocating it', () => {
    const claim = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
    expect(() => decompressBatch(withPayload('snappy', claim))).toThrow(
      'a record batch compressed with snappy holds more than 268435456 bytes',
    );
  });

  test('refuses an LZ4 block size that the format does not have', () => {
    const frame = Buffer.from(payloadOf(compressBatch(sample(), 'lz4')));
    frame[5] = 0x30;
    expect(() => decompressBatch(withPayload('lz4', frame))).toThrow('unknown block size');
  });

  test('leaves the source alone', () => {
    const compressed = compressBatch(sample(), 'zstd');
    const before = Buffer.from(compressed);
    decompressBatch(compressed);
    expect(compressed.equals(before)).toBe(true);
  });

  test('gives a batch that a reader opens', () => {
    const reader = new RecordBatchReader();
    reader.open(decompressBatch(compressBatch(sample(), 'gzip')));
    expect(reader.next()).toBe(true);
    expect(reader.value()?.length).toBe(1200);
  });
});
