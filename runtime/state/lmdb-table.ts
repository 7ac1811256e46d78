import type { Transaction } from 'lmdb';
import { IllegalStateError } from '../../topology/core/errors.ts';
import type { StateTable } from '../ports.ts';
import { maxKeyBytes } from './row-format.ts';
import { OverlaidRows, StagedRows } from './staged-rows.ts';
import type { StateEnvironment } from './state-environment.ts';

/**
 * What the environment knows of a table: its number, and the changelog position of what is applied.
 */
export interface TableMeta {
  readonly number: number;
  readonly position?: number;
  /** See `StateTable.asOfMs`. */
  readonly asOfMs?: number;
  /** See `StateTable.topicId`. State that was written before there was such a thing has none. */
  readonly topicId?: string;
}

const prefixBytes = 4;
/** Row keys, and those of the expiry index with 8 bytes more. */
const longestKey = prefixBytes + 8 + maxKeyBytes;

/** The bytes that all keys of a table begin with. */
export function tablePrefix(number: number): Buffer {
  const prefix = Buffer.allocUnsafe(prefixBytes);
  prefix.writeUInt32BE(number, 0);
  return prefix;
}

/**
 * Refuses a key that no store writes.
 * @throws {IllegalStateError} STATE_KEY_SIZE when it is too long for the environment
 */
export function checkKey(key: Uint8Array, store: string): void {
  if (key.length <= longestKey - prefixBytes) return;
  throw new IllegalStateError(
    'STATE_KEY_SIZE',
    `a key of ${key.length} bytes for store "${store}" is longer than the state can hold`,
  );
}

/** One store of one partition: a range of keys in the database of rows. */
export class LmdbTable implements StateTable {
  readonly store: string;
  readonly partition: number;
  /** The table has been written to; else only its number is taken, in memory. */
  saved = false;
  /** Rows that the disk does not have yet. */
  readonly staged = new StagedRows();
  readonly #environment: StateEnvironment;
  readonly #scratch = Buffer.allocUnsafeSlow(longestKey);
  #meta: TableMeta;

  constructor(environment: StateEnvironment, store: string, partition: number, meta: TableMeta) {
    this.#environment = environment;
    this.store = store;
    this.partition = partition;
    this.#meta = meta;
    this.#scratch.writeUInt32BE(meta.number, 0);
  }

  get meta(): TableMeta {
    return this.#meta;
  }

  set meta(meta: TableMeta) {
    this.#meta = meta;
    this.#scratch.writeUInt32BE(meta.number, 0);
  }

  /** The key in the database: a view that is valid until the next call. LMDB copies it at once. */
  key(key: Uint8Array): Buffer {
    this.#scratch.set(key, prefixBytes);
    return this.#scratch.subarray(0, prefixBytes + key.length);
  }

  get(key: Uint8Array): Buffer | undefined {
    if (!this.staged.empty) {
      const staged = this.staged.get(key);
      if (staged !== undefined) return staged[1] ?? undefined;
    }
    return this.#environment.rows.getBinaryFast(this.key(key));
  }

  range(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
  ): Iterable<readonly [key: Buffer, row: Buffer]> {
    const start = Buffer.from(this.key(from ?? Buffer.alloc(0)));
    const end = to === undefined ? tablePrefix(this.#meta.number + 1) : Buffer.from(this.key(to));
    const disk = new DiskRows(this.#environment, { start, end });
    return this.staged.empty ? disk : new OverlaidRows(disk, this.staged.range(from, to));
  }

  position(): number | undefined {
    return this.#meta.position;
  }

  asOfMs(): number | undefined {
    return this.#meta.asOfMs;
  }

  topicId(): string | undefined {
    return this.#meta.topicId;
  }

  count(): number {
    let count = 0;
    if (!this.staged.empty) {
      for (const _ of this.range(undefined, undefined)) count++;
      return count;
    }
    return this.#environment.rows.getKeysCount({
      start: tablePrefix(this.#meta.number),
      end: tablePrefix(this.#meta.number + 1),
    });
  }
}

interface DatabaseEntry {
  readonly key: Buffer;
  readonly value: Buffer;
}

/**
 * Rows of a range as of its construction: holds a read transaction until it is used up or given up.
 */
class DiskRows implements IterableIterator<readonly [key: Buffer, row: Buffer]> {
  readonly #environment: StateEnvironment;
  readonly #snapshot: Transaction;
  readonly #entries: Iterator<DatabaseEntry>;
  #over = false;

  constructor(environment: StateEnvironment, range: { start: Buffer; end: Buffer }) {
    const { rows } = environment;
    this.#environment = environment;
    this.#snapshot = rows.useReadTransaction();
    environment.openRanges++;
    this.#entries = rows.getRange({ ...range, transaction: this.#snapshot })[Symbol.iterator]();
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<readonly [key: Buffer, row: Buffer]> {
    if (this.#over) return end;
    const next = this.#entries.next();
    if (next.done === true) return this.#end();
    const { key, value } = next.value;
    const bytes = Buffer.from(key.buffer, key.byteOffset + prefixBytes, key.length - prefixBytes);
    return { done: false, value: [bytes, value] };
  }

  return(): IteratorResult<readonly [key: Buffer, row: Buffer]> {
    if (!this.#over) this.#entries.return?.();
    return this.#end();
  }

  #end(): IteratorResult<readonly [key: Buffer, row: Buffer]> {
    if (this.#over) return end;
    this.#over = true;
    this.#snapshot.done();
    this.#environment.openRanges--;
    return end;
  }
}

const end = { done: true, value: undefined } as const;
