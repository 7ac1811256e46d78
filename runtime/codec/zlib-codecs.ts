import {
  constants,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
  type ZstdOptions,
} from 'node:zlib';
import { tooBig } from './decompressed-size.ts';

/** The payload as one gzip member; levels 1 to 9, zlib's own default (6) without. */
export function compressGzip(payload: Buffer, level?: number): Buffer {
  return gzipSync(payload, level === undefined ? {} : { level });
}

/**
 * The payload of gzip members.
 * @throws {StorageError} BATCH_TOO_BIG; errors of zlib go through
 */
export function decompressGzip(payload: Buffer, maxBytes: number): Buffer {
  const options = { maxOutputLength: maxBytes, chunkSize: chunkBytes(payload) };
  return limited('gzip', maxBytes, () => gunzipSync(payload, options));
}

/** The payload as one zstd frame; levels −131072 to 22, zstd's own default (3) without. */
export function compressZstd(payload: Buffer, level?: number): Buffer {
  if (level === undefined) return zstdCompressSync(payload);
  return zstdCompressSync(payload, { params: { [constants.ZSTD_c_compressionLevel]: level } });
}

/**
 * The payload of zstd frames.
 * @throws {StorageError} BATCH_TOO_BIG; errors of zstd go through
 */
export function decompressZstd(payload: Buffer, maxBytes: number): Buffer {
  const parts: Buffer[] = [];
  let rest = payload;
  let left = maxBytes;
  // Node stops silently behind the first frame.
  do {
    const { buffer, engine } = limited('zstd', maxBytes, () => zstdFrame(rest, left));
    parts.push(buffer);
    left -= buffer.length;
    rest = rest.subarray(engine.bytesWritten);
  } while (rest.length > 0);
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
}

/** What `info: true` gives; the type declarations leave it out. */
interface Decompressed {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

function zstdFrame(payload: Buffer, maxBytes: number): Decompressed {
  const options: ZstdOptions = {
    maxOutputLength: maxBytes,
    chunkSize: chunkBytes(payload),
    info: true,
  };
  return zstdDecompressSync(payload, options) as unknown as Decompressed;
}

/** Bytes by which the output grows: few pieces for a large batch, little waste for a small one. */
function chunkBytes(payload: Buffer): number {
  return Math.min(1024 * 1024, Math.max(16 * 1024, payload.length * 8));
}

function limited<T>(codec: string, maxBytes: number, decompress: () => T): T {
  try {
    return decompress();
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_BUFFER_TOO_LARGE') throw error;
    throw tooBig(codec, maxBytes);
  }
}
