import {
  ConfigError,
  IllegalStateError,
  isStreamsError,
  StorageError,
} from '../../topology/core/errors.ts';
import { checkIntegrity, corruptBatch } from './batch-check.ts';
import {
  batchAttributes,
  batchBaseOffset,
  batchCompressionId,
  batchLayout,
} from './batch-header.ts';
import { sealBatch } from './batch-seal.ts';
import { type Compression, compressionName, compressions } from './compression.ts';
import { maxDecompressedBytes } from './decompressed-size.ts';
import { compressLz4, decompressLz4 } from './lz4.ts';
import { compressSnappy, decompressSnappy } from './snappy.ts';
import { compressGzip, compressZstd, decompressGzip, decompressZstd } from './zlib-codecs.ts';

interface Codec {
  compress(payload: Buffer, level?: number): Buffer;
  decompress(payload: Buffer, maxBytes: number): Buffer;
  /** Levels that the codec has; absent: it has none. */
  readonly levels?: readonly [lowest: number, highest: number];
}

const codecs: Readonly<Record<Exclude<Compression, 'none'>, Codec>> = {
  gzip: { compress: compressGzip, decompress: decompressGzip, levels: [1, 9] },
  snappy: { compress: compressSnappy, decompress: decompressSnappy },
  lz4: { compress: compressLz4, decompress: decompressLz4 },
  zstd: { compress: compressZstd, decompress: decompressZstd, levels: [-131_072, 22] },
};

/**
 * The batch with its records compressed, sealed; the batch itself for `none`. `level`: gzip 1 to
 * 9, zstd −131072 to 22; without it the codec's default.
 * @throws {ConfigError} COMPRESSION_LEVEL for a level that the codec does not have
 * @throws {IllegalStateError} BATCH_COMPRESSED for a batch that is compressed already
 */
export function compressBatch(batch: Buffer, compression: Compression, level?: number): Buffer {
  checkCompression(compression, level);
  if (batchCompressionId(batch) !== 0) {
    throw new IllegalStateError('BATCH_COMPRESSED', 'a record batch is compressed already');
  }
  if (compression === 'none') return batch;
  const payload = codecs[compression].compress(batch.subarray(batchLayout.records), level);
  return withPayload(batch, payload, compressions.indexOf(compression));
}

/**
 * Checks that a codec has a level; undefined always fits.
 * @throws {ConfigError} COMPRESSION_LEVEL
 */
export function checkCompression(compression: Compression, level: number | undefined): void {
  if (level === undefined) return;
  const levels = compression === 'none' ? undefined : codecs[compression].levels;
  if (levels === undefined) {
    throw new ConfigError(
      'COMPRESSION_LEVEL',
      `compression ${compression} has no levels, but ${level} was asked for: leave the level out`,
    );
  }
  const [lowest, highest] = levels;
  if (Number.isInteger(level) && level >= lowest && level <= highest) return;
  throw new ConfigError(
    'COMPRESSION_LEVEL',
    `compression ${compression} has no level ${level}: use a whole number from ${lowest} to ${highest}`,
  );
}

/**
 * The batch with its records uncompressed, sealed, everything else as it was; an uncompressed
 * batch is itself the result, not copied. Length, format and CRC are checked before.
 * @throws {StorageError} BATCH_CORRUPT; BATCH_UNSUPPORTED for an older format or an unknown codec;
 * BATCH_TOO_BIG when its records take more than `maxBytes`
 */
export function decompressBatch(batch: Buffer, maxBytes = maxDecompressedBytes): Buffer {
  checkIntegrity(batch);
  const id = batchCompressionId(batch);
  if (id === 0) return batch;
  const name = compressions[id];
  if (name === undefined || name === 'none') {
    throw new StorageError(
      'BATCH_UNSUPPORTED',
      `a record batch is compressed with ${compressionName(id)}, which is not known: ` +
        'have its producer write gzip, snappy, lz4 or zstd',
      { place: { offset: batchBaseOffset(batch) } },
    );
  }
  let payload: Buffer;
  try {
    payload = codecs[name].decompress(batch.subarray(batchLayout.records), maxBytes);
  } catch (error) {
    if (isStreamsError(error)) throw error;
    throw corruptBatch(`does not decompress with ${name} (${messageOf(error)})`, error);
  }
  return withPayload(batch, payload, 0);
}

/** The batch with other bytes for its records, compressed with the codec of this id, sealed. */
function withPayload(batch: Buffer, payload: Buffer, compressionId: number): Buffer {
  const result = Buffer.allocUnsafeSlow(batchLayout.records + payload.length);
  batch.copy(result, 0, 0, batchLayout.records);
  payload.copy(result, batchLayout.records);
  result.writeInt32BE(result.length - batchLayout.leaderEpoch, batchLayout.length);
  const attributes = batch.readInt16BE(batchLayout.attributes) & ~batchAttributes.compression;
  result.writeInt16BE(attributes | compressionId, batchLayout.attributes);
  sealBatch(result);
  return result;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
