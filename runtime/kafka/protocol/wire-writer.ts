import { writeInt64 } from '../../codec/varint.ts';

const initialBytes = 256;

/** Writes the primitive types of Kafka's protocol into a buffer that grows. Integers are big-endian. */
export class WireWriter {
  private buffer: Buffer;
  private position = 0;

  constructor(bytes = initialBytes) {
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  int8(value: number): void {
    this.need(1);
    this.position = this.buffer.writeInt8(value, this.position);
  }

  int16(value: number): void {
    this.need(2);
    this.position = this.buffer.writeInt16BE(value, this.position);
  }

  int32(value: number): void {
    this.need(4);
    this.position = this.buffer.writeInt32BE(value, this.position);
  }

  /** A safe integer. */
  int64(value: number): void {
    this.need(8);
    writeInt64(this.buffer, this.position, value);
    this.position += 8;
  }

  float64(value: number): void {
    this.need(8);
    this.position = this.buffer.writeDoubleBE(value, this.position);
  }

  /** An unsigned number of up to 32 bits, 7 bits a byte, lowest first. */
  unsignedVarint(value: number): void {
    this.need(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.buffer[this.position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.position++] = rest;
  }

  raw(bytes: Uint8Array): void {
    this.need(bytes.length);
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** An empty writer, for what has to be measured before it is written. */
  part(): WireWriter {
    return new WireWriter();
  }

  /** What was written. The writer is not to be used afterwards. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.position);
  }

  private need(bytes: number): void {
    const least = this.position + bytes;
    if (least <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(least, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }
}
