import { StorageError } from '../../../topology/core/errors.ts';
import { readInt64 } from '../../codec/varint.ts';

/**
 * Reads the primitive types of Kafka's protocol. Bytes are views of the buffer, not copies.
 * @throws {StorageError} PROTOCOL_SHORT when the buffer ends too early
 */
export class WireReader {
  readonly buffer: Buffer;
  position: number;

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer;
    this.position = position;
  }

  int8(): number {
    return this.buffer.readInt8(this.take(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.take(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.take(4));
  }

  /** A safe integer; Kafka's offsets, times and producer ids are. */
  int64(): number {
    return readInt64(this.buffer, this.take(8));
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  unsignedVarint(): number {
    let value = 0;
    let shift = 0;
    for (;;) {
      const byte = this.buffer[this.take(1)] as number;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
      shift += 7;
      if (shift > 28) throw short(this.position, 'a number longer than 32 bits');
    }
  }

  /** A view of the next bytes. */
  raw(bytes: number): Buffer {
    const start = this.take(bytes);
    return this.buffer.subarray(start, start + bytes);
  }

  get rest(): number {
    return this.buffer.length - this.position;
  }

  private take(bytes: number): number {
    const start = this.position;
    if (bytes < 0 || start + bytes > this.buffer.length) throw short(start, 'too few bytes');
    this.position = start + bytes;
    return start;
  }
}

function short(position: number, what: string): StorageError {
  return new StorageError(
    'PROTOCOL_SHORT',
    `a response of the broker cannot be read: ${what} at byte ${position}`,
  );
}
