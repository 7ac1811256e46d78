import { readFileSync } from 'node:fs';

/** How much of one memory-mapped file may become resident before it is mapped anew, bytes. */
export const defaultMappedBytes: number = 32 * 1024 * 1024;

/**
 * Address space that LMDB reserves for a file, bytes. A larger file is mapped again, with twice the
 * space, while the map before stays: its pages would then be resident, and counted, twice.
 */
export const mapBytes: number = 16 * 1024 ** 3;

/** Bytes of mapped files that are resident in this process; undefined where the system does not say. */
export type MeasureMapped = () => number | undefined;

/**
 * Tells when a memory-mapped file should be mapped anew. Every page of it that was read stays
 * resident until then: the system may take it back, but does so only when the memory of the whole
 * machine is short, and until then it counts as memory of this process.
 *
 * The system counts the mapped files of a process together. So the growth since this file was
 * mapped is an upper bound of what it holds, and it may be mapped anew on account of another; each
 * of several stays within its budget.
 */
export class MappedBudget {
  private readonly maxBytes: number;
  private readonly measure: MeasureMapped;
  /** The least that was measured since the file was mapped. */
  private least = Infinity;

  constructor(maxBytes: number = defaultMappedBytes, measure: MeasureMapped = residentFileBytes) {
    this.maxBytes = maxBytes;
    this.measure = measure;
  }

  /** True when the file should be mapped anew. Some microseconds: not for every record. */
  isSpent(): boolean {
    const bytes = this.measure();
    if (bytes === undefined) return false;
    this.least = Math.min(this.least, bytes);
    return bytes - this.least > this.maxBytes;
  }

  /** The file has been mapped anew. */
  renew(): void {
    this.least = Infinity;
    this.isSpent();
  }
}

/** As Linux counts them (`RssFile`); undefined on other systems. */
export function residentFileBytes(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const kib = /^RssFile:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  } catch {
    // No /proc in this container.
    return undefined;
  }
}
