/**
 * Index of rows by the time at which they expire: a table of its own beside a store with a ttl,
 * with keys (bucket, row key) and nothing to say in its rows.
 *
 * Times are rounded up to a grid, so that a row that is written over and over leaves one entry per
 * grid step at most, and so that what is deleted when does not depend on where batches are cut. An
 * entry may be stale (its row was written again later): whoever reads it checks the row.
 */
export class ExpiryGrid {
  readonly ttlMs: number;
  readonly stepMs: number;

  constructor(ttlMs: number) {
    this.ttlMs = ttlMs;
    this.stepMs = Math.max(1, Math.ceil(ttlMs / stepsPerTtl));
  }

  /** True when a row of that time has expired by `streamTime`. */
  expired(rowTimeMs: number, streamTime: number): boolean {
    return streamTime >= rowTimeMs + this.ttlMs;
  }

  /** The grid time at which a row of that time is looked at: the first at or after its end. */
  bucket(rowTimeMs: number): number {
    return Math.ceil((rowTimeMs + this.ttlMs) / this.stepMs) * this.stepMs;
  }

  /** The last grid time that stream time has passed; everything up to it may be deleted. */
  due(streamTime: number): number {
    return streamTime < 0 ? -1 : Math.floor(streamTime / this.stepMs) * this.stepMs;
  }
}

/**
 * 64: rows outlive their ttl on disk by 1.6 % of it at most, and a hot key leaves 65 entries at
 * most.
 */
const stepsPerTtl = 64;

/**
 * What an entry of the index holds: LMDB has no empty rows that are easy to tell from absent ones.
 */
export const expiryMark: Buffer = Buffer.from([1]);

const bucketBytes = 8;

/** Name of the table that holds the expiry index of a store. No author's name has a `!`. */
export function expiryTable(store: string): string {
  return `${store}!expiry`;
}

/** Key of the entry of a row. */
export function expiryKey(bucketMs: number, key: Uint8Array): Buffer {
  const entry = Buffer.allocUnsafe(bucketBytes + key.length);
  entry.writeUInt32BE(Math.floor(bucketMs / 2 ** 32), 0);
  entry.writeUInt32BE(bucketMs >>> 0, 4);
  entry.set(key, bucketBytes);
  return entry;
}

/** Bound above all entries up to and with a bucket. */
export function expiryBound(bucketMs: number): Buffer {
  return expiryKey(bucketMs + 1, Buffer.alloc(0));
}

/** The one of two entries that comes first; undefined: there is none. */
export function firstOf(a: Buffer | undefined, b: Buffer | undefined): Buffer | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.compare(b) <= 0 ? a : b;
}

/** The row key in the key of an entry. */
export function rowKeyOf(entry: Buffer): Buffer {
  return entry.subarray(bucketBytes);
}
