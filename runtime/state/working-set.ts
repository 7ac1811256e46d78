import type { StoreRow } from '../../processors/store.ts';

/**
 * The decoded working set of a member's stores. One {@link Entry} per key in memory holds what
 * reads see; uncommitted writes hang on it as a chain of {@link Version}s, newest first, each with
 * the row before it. So a read is one look-up however many layers there are (invariant E2), and
 * dropping a layer is undoing its versions.
 *
 * {@link StoreCache} keeps clean entries within a budget that all stores share. Entries with
 * versions are pinned: the disk does not have them yet.
 */
export class Entry {
  readonly key: unknown;
  /** The key in the store's map: the key itself, or its bytes as latin1 text. */
  readonly mapKey: unknown;
  readonly owner: EntryOwner;
  /** What reads see; null: no row; undefined: not read from disk yet. */
  row: StoreRow<unknown> | null | undefined;
  version: Version | null = null;
  /** Read or written since the eviction hand came by. */
  visited = false;
  bytes = 0;
  newer: Entry | null = null;
  older: Entry | null = null;

  constructor(
    owner: EntryOwner,
    mapKey: unknown,
    key: unknown,
    row: StoreRow<unknown> | null | undefined,
  ) {
    this.owner = owner;
    this.mapKey = mapKey;
    this.key = key;
    this.row = row;
  }
}

/** One write that is not on disk yet. */
export class Version {
  readonly entry: Entry;
  /** Row before this write; undefined: it was not read. */
  before: StoreRow<unknown> | null | undefined;
  older: Version | null;
  row: StoreRow<unknown> | null = null;
  /** Row bytes (prefix and value) at `[start, end)` of the slab; null for a delete. */
  slab: Buffer | null = null;
  start = 0;
  end = 0;
  /** Time of a delete, ms: its tombstone's. */
  deletedAt = 0;
  /** Number of the layer that this version belongs to. */
  level: number;

  constructor(entry: Entry, level: number) {
    this.entry = entry;
    this.before = entry.row;
    this.older = entry.version;
    this.level = level;
  }
}

/** The store that an entry belongs to. */
export interface EntryOwner {
  /** Forgets the entry: it was evicted. */
  forget(entry: Entry): void;
}

/**
 * Entries looked at per insertion at most, so that no insertion takes long when most entries are
 * pinned.
 */
const scanLimit = 64;

/** Rough memory of an entry beside its encoded bytes: objects, map slot, list links. */
const entryOverhead = 200;
/** Decoded values take about this many times their encoded bytes. */
const decodedFactor = 3;

/** Estimated memory of a row in the working set, from its encoded sizes. */
export function memoryOf(keyBytes: number, valueBytes: number): number {
  return entryOverhead + 2 * keyBytes + decodedFactor * valueBytes;
}

/**
 * Budget for the working sets of all stores of a member. Evicts by SIEVE (Zhang et al., NSDI 2024):
 * entries stay in order of arrival, a hand goes from the oldest to the newest and takes the first
 * that was not used since it last came by. A read sets one flag; a scan over many keys does not
 * push out the hot ones.
 */
export class StoreCache {
  readonly maxBytes: number;
  #bytes = 0;
  #newest: Entry | null = null;
  #oldest: Entry | null = null;
  #hand: Entry | null = null;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /**
   * Estimated bytes in use, pinned entries included: may pass `maxBytes` while a transaction is
   * larger than the budget.
   */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an entry of that estimated size, evicting others as needed. */
  add(entry: Entry, bytes: number): void {
    entry.bytes = bytes;
    this.#bytes += bytes;
    entry.older = this.#newest;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    if (this.#bytes > this.maxBytes) this.#evict(entry, scanLimit);
  }

  /** Corrects the estimated size of an entry. */
  resize(entry: Entry, bytes: number): void {
    this.#bytes += bytes - entry.bytes;
    entry.bytes = bytes;
  }

  /**
   * Evicts what is over the budget, looking at `scans` entries at most. For when many entries have
   * just become clean.
   */
  trim(scans: number): void {
    if (this.#bytes > this.maxBytes) this.#evict(null, scans);
  }

  /** Takes an entry out; the owner forgets it by itself. */
  remove(entry: Entry): void {
    this.#bytes -= entry.bytes;
    if (this.#hand === entry) this.#hand = entry.newer;
    if (entry.newer === null) this.#newest = entry.older;
    else entry.newer.older = entry.older;
    if (entry.older === null) this.#oldest = entry.newer;
    else entry.older.newer = entry.newer;
    entry.newer = null;
    entry.older = null;
  }

  #evict(keep: Entry | null, limit: number): void {
    let entry = this.#hand ?? this.#oldest;
    for (let scans = 0; scans < limit && this.#bytes > this.maxBytes; scans++) {
      if (entry === null || entry === keep) {
        entry = this.#oldest;
        if (entry === null || entry === keep) break;
        continue;
      }
      const next: Entry | null = entry.newer;
      if (entry.visited || entry.version !== null) entry.visited = false;
      else {
        this.remove(entry);
        entry.owner.forget(entry);
      }
      entry = next;
    }
    this.#hand = entry === keep ? null : entry;
  }
}
