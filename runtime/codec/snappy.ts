import { compressSync, uncompressSync } from 'snappy';
import { corruptBatch } from './batch-check.ts';
import { tooBig } from './decompressed-size.ts';

/**
 * Snappy as Kafka uses it: blocks behind a header, the format of snappy-java's
 * `SnappyOutputStream` ("xerial"). Clients on librdkafka may send one bare block.
 */
const magic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
/** Behind the magic bytes: version and lowest compatible version, each 1. */
const header = Buffer.from([...magic, 0, 0, 0, 1, 0, 0, 0, 1]);
/** Uncompressed bytes of a block, as Kafka's clients write. */
const blockBytes = 32 * 1024;

/** The payload in snappy-java's format. */
export function compressSnappy(payload: Buffer): Buffer {
  const parts: Buffer[] = [header];
  for (let start = 0; start < payload.length; start += blockBytes) {
    const block = compressSync(payload.subarray(start, start + blockBytes));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

/**
 * The payload of snappy-java's format, or of one bare block.
 * @throws {StorageError} BATCH_CORRUPT or BATCH_TOO_BIG; errors of the native decoder go through
 */
export function decompressSnappy(payload: Buffer, maxBytes: number): Buffer {
  const framed = payload.length >= header.length && magic.equals(payload.subarray(0, magic.length));
  const blocks = framed ? blocksOf(payload) : [payload];
  let bytes = 0;
  for (const block of blocks) bytes += uncompressedLength(block);
  if (bytes > maxBytes) throw tooBig('snappy', maxBytes);
  const parts = blocks.map((block) => uncompressSync(block) as Buffer);
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts, bytes);
}

function blocksOf(payload: Buffer): Buffer[] {
  const blocks: Buffer[] = [];
  let position = header.length;
  while (position < payload.length) {
    const start = position + 4;
    const end = start <= payload.length ? start + payload.readInt32BE(position) : -1;
    if (end < start || end > payload.length) {
      throw corruptBatch('has a snappy block that reaches beyond its end');
    }
    blocks.push(payload.subarray(start, end));
    position = end;
  }
  return blocks;
}

/** What a block says that it holds: an unsigned varint at its beginning. */
function uncompressedLength(block: Buffer): number {
  let length = 0;
  let scale = 1;
  for (let i = 0; i < 5 && i < block.length; i++) {
    const byte = block[i] as number;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return length;
    scale *= 128;
  }
  throw corruptBatch('has a snappy block without a length');
}
