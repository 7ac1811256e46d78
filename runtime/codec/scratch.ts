import type { Serde } from '../../schemas/serde.ts';

const initialBytes = 64 * 1024;

/** One growing buffer into which keys and values are encoded before they are copied to where they belong. */
export class Scratch {
  buffer: Buffer = Buffer.allocUnsafeSlow(initialBytes);

  /**
   * Encodes `value` at `position` and returns the position after it. Grows the buffer (and keeps what stands before `position`) as needed.
   * @throws {SerdeError} when the value does not fit the serde's schema
   */
  write(serde: Serde, value: unknown, position: number): number {
    for (;;) {
      const end = serde.write(value, this.buffer, position);
      if (end >= 0) return end;
      this.grow(position - 1 - end);
    }
  }

  /**
   * What `value` encodes to, in a buffer of its own.
   * @throws {SerdeError} when the value does not fit the serde's schema
   */
  bytesOf(serde: Serde, value: unknown): Buffer {
    const end = this.write(serde, value, 0);
    // Not before: the buffer may be another one now.
    return Buffer.from(this.buffer.subarray(0, end));
  }

  /** Makes room for at least `bytes` bytes. */
  reserve(bytes: number): void {
    if (bytes > this.buffer.length) this.grow(bytes);
  }

  private grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, bytes));
    this.buffer.copy(larger);
    this.buffer = larger;
  }
}
