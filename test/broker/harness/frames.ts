/** Longest frame that can be Kafka's: `socket.request.max.bytes` and then some. */
const maxBytes = 1 << 29;

/** Cuts a stream of bytes into Kafka's frames: a size of four bytes, and so many bytes. */
export class FrameCutter {
  #parts: Buffer[] = [];
  #length = 0;

  /**
   * Frames that are complete with these bytes, each with its size before it.
   * @throws Error where a size is negative or above 512 MB: then it is not Kafka's protocol
   */
  push(bytes: Buffer): Buffer[] {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    const frames: Buffer[] = [];
    for (;;) {
      const size = this.#nextSize();
      if (size === undefined || this.#length < 4 + size) return frames;
      const all = this.#joined();
      frames.push(all.subarray(0, 4 + size));
      this.#parts = [all.subarray(4 + size)];
      this.#length = all.length - 4 - size;
    }
  }

  #nextSize(): number | undefined {
    if (this.#length < 4) return undefined;
    if ((this.#parts[0] as Buffer).length < 4) this.#joined();
    const size = (this.#parts[0] as Buffer).readInt32BE(0);
    if (size < 0 || size > maxBytes) throw new Error(`a frame of ${size} bytes: not Kafka's`);
    return size;
  }

  #joined(): Buffer {
    const all = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    this.#parts = [all];
    return all;
  }
}
