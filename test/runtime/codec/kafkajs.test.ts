import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import * as fc from 'fast-check';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { compressSync, uncompressSync } from 'snappy';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  decodeWithKafkaJs,
  encodeWithKafkaJs,
  type KafkaJsRecord,
  registerKafkaJsCodec,
} from '../../../bench/kafkajs-codec.ts';
import { compressBatch, decompressBatch } from '../../../runtime/codec/batch-compression.ts';
import { assignBaseOffset } from '../../../runtime/codec/batch-header.ts';
import { sealBatch } from '../../../runtime/codec/batch-seal.ts';
import type { Compression } from '../../../runtime/codec/compression.ts';
import { compressions } from '../../../runtime/codec/compression.ts';
import type { Header } from '../../../topology/core/record.ts';
import { anyRecord, batchOf, type PlainRecord, recordsOf } from './records.ts';

/** KafkaJS has gzip only: these stand for the codec packages that its users install. */
function register(
  compression: Compression,
  compress: (payload: Buffer) => Buffer,
  decompress: (payload: Buffer) => Buffer,
): void {
  registerKafkaJsCodec(compression, {
    compress: (encoder) => Promise.resolve(compress(encoder.buffer)),
    decompress: (payload) => Promise.resolve(decompress(payload)),
  });
}

const xerialHeader = Buffer.from('82534e41505059000000000100000001', 'hex');

beforeAll(() => {
  register('zstd', zstdCompressSync, zstdDecompressSync);
  register('lz4', compressFrameSync, decompressFrameSync);
  // As kafkajs-snappy: one bare block out; snappy-java's blocks or a bare one in.
  register('snappy', compressSync, (payload) => {
    if (!payload.subarray(0, 16).equals(xerialHeader)) return uncompressSync(payload) as Buffer;
    const blocks: Buffer[] = [];
    for (let at = 16; at < payload.length; at += 4 + payload.readInt32BE(at)) {
      const end = at + 4 + payload.readInt32BE(at);
      blocks.push(uncompressSync(payload.subarray(at + 4, end)) as Buffer);
    }
    return Buffer.concat(blocks);
  });
});

/** Headers as KafkaJS has them: by name, an array where a name comes several times. */
function byName<T>(headers: readonly (readonly [string, T])[]): Record<string, T | T[]> {
  const groups = new Map<string, T[]>();
  for (const [name, value] of headers) groups.set(name, [...(groups.get(name) ?? []), value]);
  return Object.fromEntries(
    [...groups].map(([name, values]) => [name, values.length === 1 ? (values[0] as T) : values]),
  );
}

/** Any record whose headers KafkaJS keeps: a name that every object has is lost in its object. */
const record = anyRecord.map((it) => ({
  ...it,
  headers: it.headers.filter(([name]) => !(name in {})),
}));

/** KafkaJS's encoder throws at a null header value and groups headers by name. */
function writable({ headers, ...rest }: PlainRecord): PlainRecord {
  const grouped = byName(
    headers.map(([name, value]) => [name, Buffer.from(value ?? 'none')] as const),
  );
  return {
    ...rest,
    headers: Object.entries(grouped).flatMap(([name, value]) =>
      [value].flat().map((it): Header => [name, it]),
    ),
  };
}

const forKafkaJs = ({ key, value, time, headers }: PlainRecord): KafkaJsRecord => ({
  key,
  value,
  timestamp: time,
  headers: byName(headers) as KafkaJsRecord['headers'],
});

describe.each(compressions)('with compression %s', (compression) => {
  test('KafkaJS reads what we write', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 60 }), async (records) => {
        const batch = compressBatch(batchOf(...records), compression);
        assignBaseOffset(batch, 3_000_000_000);
        sealBatch(batch, { producerId: 77, epoch: 2, baseSequence: 5, transactional: true });
        const decoded = await decodeWithKafkaJs(batch);
        expect(decoded).toMatchObject({
          firstOffset: '3000000000',
          producerId: '77',
          producerEpoch: 2,
          firstSequence: 5,
          inTransaction: true,
        });
        const seen = decoded.records.map(({ offset, timestamp, key, value, headers }) => {
          return { offset, timestamp, key, value, headers };
        });
        expect(seen).toEqual(
          records.map(({ time, key, value, headers }, i) => ({
            offset: String(3_000_000_000 + i),
            timestamp: String(time),
            key,
            value,
            headers: byName(headers),
          })),
        );
      }),
      { numRuns: 40 },
    );
  });

  test('we read what KafkaJS writes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 60 }), async (given) => {
        const records = given.map(writable);
        const batch = await encodeWithKafkaJs(records.map(forKafkaJs), { compression });
        expect(recordsOf(decompressBatch(batch))).toEqual(
          records.map((it, offset) => ({ ...it, offset })),
        );
      }),
      { numRuns: 40 },
    );
  });
});
