import type { Serde } from '../../schemas/serde.ts';
import { rowPrefixBytes, writeRowPrefix } from './row-format.ts';
import type { Version } from './working-set.ts';

/** 256 KiB: some thousand rows; a transaction of a busy task takes a few. */
const slabBytes = 256 * 1024;

/**
 * Encoded rows of uncommitted writes, one behind the other in slabs. A slab is never used again: it
 * goes when the last version that points into it does, so the disk store may read from it for as
 * long as it takes.
 */
export class RowArena {
  #slab: Buffer = Buffer.alloc(0);
  #at = 0;

  /**
   * Encodes a row and points `version` at it; in place of what `version` had, where that was as
   * long.
   * @throws {SerdeError} SERDE_ENCODE if the value does not fit; `version` is then as it was
   */
  write(version: Version, serde: Serde, value: unknown, time: number, keep: boolean): void {
    const end = this.#encode(serde, value, time, keep);
    const start = this.#at;
    if (version.slab !== null && end - start <= version.end - version.start) {
      this.#slab.copy(version.slab, version.start, start, end);
      version.end = version.start + end - start;
      return;
    }
    version.slab = this.#slab;
    version.start = start;
    version.end = end;
    this.#at = end;
  }

  /**
   * Encodes a row at the current place, without taking it; returns its end. Moves to a new slab
   * where the row does not fit.
   */
  #encode(serde: Serde, value: unknown, time: number, keep: boolean): number {
    let end = -1;
    if (this.#at + rowPrefixBytes < this.#slab.length) {
      end = serde.write(value, this.#slab, this.#at + rowPrefixBytes);
    }
    for (let size = slabBytes; end < 0; size *= 2) {
      const slab = Buffer.allocUnsafeSlow(Math.max(size, slabBytes, rowPrefixBytes - end));
      end = serde.write(value, slab, rowPrefixBytes);
      if (end < 0) continue;
      this.#slab = slab;
      this.#at = 0;
    }
    writeRowPrefix(this.#slab, this.#at, time, keep);
    return end;
  }
}
