import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { corruptBatch } from './batch-check.ts';
import { tooBig } from './decompressed-size.ts';

const magic = 0x184d2204;
/** Bits of the frame descriptor's first byte. */
const flags = { dictionary: 0x01, contentSize: 0x08, blockChecksum: 0x10 };
const storedAsItIs = 0x80000000;

/**
 * The payload as one LZ4 frame of independent blocks without content size: what Kafka's Java
 * client reads (`Lz4BlockInputStream`).
 */
export function compressLz4(payload: Buffer): Buffer {
  return compressFrameSync(payload);
}

/**
 * The payload of an LZ4 frame. Blocks may depend on each other, sizes and checksums may be there.
 * @throws {StorageError} BATCH_CORRUPT, or BATCH_TOO_BIG when its blocks could hold more than
 * `maxBytes`; errors of the native decoder go through
 */
export function decompressLz4(payload: Buffer, maxBytes: number): Buffer {
  // The decoder takes no limit, so the limit is on what the blocks could hold at most.
  if (largestContent(payload) > maxBytes) throw tooBig('lz4', maxBytes);
  return decompressFrameSync(payload);
}

/**
 * Upper bound of what a frame's blocks decompress to: a compressed byte stands for at most 255
 * (LZ4 block format). A frame that breaks off is bounded by what is there: the decoder reads no
 * more either.
 */
function largestContent(frame: Buffer): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== magic) {
    throw corruptBatch('does not begin with an LZ4 frame');
  }
  const flag = frame[4] as number;
  // The descriptor's second byte: codes 4 to 7 stand for blocks of 64 KiB to 4 MiB.
  const code = ((frame[5] as number) >>> 4) & 7;
  if (code < 4) throw corruptBatch('has an LZ4 frame with unknown block size');
  const blockSize = 2 ** (8 + 2 * code);
  let position = 7;
  if ((flag & flags.contentSize) !== 0) position += 8;
  if ((flag & flags.dictionary) !== 0) position += 4;
  const checksum = (flag & flags.blockChecksum) !== 0 ? 4 : 0;
  let bytes = 0;
  while (position + 4 <= frame.length) {
    const head = frame.readUInt32LE(position);
    if (head === 0) break;
    const length = head % storedAsItIs;
    bytes += Math.min(blockSize, head < storedAsItIs ? length * 255 : length);
    position += 4 + length + checksum;
  }
  return bytes;
}
