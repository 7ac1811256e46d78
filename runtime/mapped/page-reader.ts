import { readSync } from 'node:fs';
import { pageBytes } from './head-pages.ts';

/** Pages that are read at once at most. */
const windowPages = 64;
/** So many pages between two that are wanted are read with them: one read costs more. */
const gapPages = 4;

/** Reads single pages of a file, neighbours at once. */
export class PageReader {
  /** What was read last, in words of 16 and of 32 bits (little-endian, as LMDB writes here). */
  readonly words: Uint16Array;
  readonly longs: Uint32Array;
  readonly bytes: Buffer;
  private readonly descriptor: number;

  constructor(descriptor: number) {
    this.descriptor = descriptor;
    const memory = new ArrayBuffer(windowPages * pageBytes);
    this.bytes = Buffer.from(memory);
    this.words = new Uint16Array(memory);
    this.longs = new Uint32Array(memory);
  }

  /**
   * Calls `look` for each page with its place in {@link bytes}, until it returns something, which
   * is returned.
   * @param pages ascending
   */
  each(
    pages: Float64Array,
    look: (page: number, at: number) => string | undefined,
  ): string | undefined {
    for (let first = 0; first < pages.length;) {
      const start = pages[first] as number;
      let next = first + 1;
      while (next < pages.length && this.fits(start, pages[next - 1], pages[next])) next++;
      const end = (pages[next - 1] as number) + 1;
      this.read(start, end - start);
      for (; first < next; first++) {
        const page = pages[first] as number;
        const found = look(page, (page - start) * pageBytes);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  /** Copies a run of pages of any length. */
  run(page: number, count: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(count * pageBytes);
    readSync(this.descriptor, bytes, 0, bytes.length, page * pageBytes);
    return bytes;
  }

  private fits(start: number, before: number | undefined, page: number | undefined): boolean {
    return (
      (page as number) < start + windowPages && (page as number) - (before as number) <= gapPages
    );
  }

  private read(page: number, count: number): void {
    const got = readSync(this.descriptor, this.bytes, 0, count * pageBytes, page * pageBytes);
    // A file that became shorter meanwhile: pages of zeros are found to be damaged.
    this.bytes.fill(0, got, count * pageBytes);
  }
}
