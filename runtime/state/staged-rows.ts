/** A row that waits for the disk; null: deleted. */
export type StagedRow = readonly [key: Uint8Array, row: Buffer | null];

/**
 * Rows of one table that are on their way to disk: those being written, and those that came
 * meanwhile. Reads see the newest.
 */
export class StagedRows {
  /** By key bytes as latin1 text, whose order is that of the bytes. */
  #waiting = new Map<string, StagedRow>();
  #writing: ReadonlyMap<string, StagedRow> = new Map();

  get empty(): boolean {
    return this.#waiting.size === 0 && this.#writing.size === 0;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Adds a row. Its bytes belong to the table from now on. */
  add(key: Uint8Array, row: Uint8Array | null): void {
    this.#waiting.set(text(key), [key, row === null ? null : asBuffer(row)]);
  }

  /** The staged row of a key; undefined: the disk's counts. */
  get(key: Uint8Array): StagedRow | undefined {
    const id = text(key);
    return this.#waiting.get(id) ?? this.#writing.get(id);
  }

  /** Moves what waits to where it is written, and gives it. */
  begin(): Iterable<StagedRow> {
    this.#writing = this.#waiting;
    this.#waiting = new Map();
    return this.#writing.values();
  }

  /** What was being written is on disk. */
  end(): void {
    this.#writing = new Map();
  }

  /** Staged rows with key in `[from, to)`, in order of key bytes. */
  range(from: Uint8Array | undefined, to: Uint8Array | undefined): StagedRow[] {
    const low = from === undefined ? undefined : text(from);
    const high = to === undefined ? undefined : text(to);
    const rows = new Map([...this.#writing, ...this.#waiting]);
    return [...rows]
      .filter(([id]) => (low === undefined || id >= low) && (high === undefined || id < high))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, row]) => row);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function text(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('latin1');
}

type Row = readonly [key: Buffer, row: Buffer];

/** Rows of the disk with the staged ones over them, in order of key bytes. */
export class OverlaidRows implements IterableIterator<Row> {
  readonly #disk: Iterator<Row>;
  readonly #staged: readonly StagedRow[];
  #index = 0;
  #next: IteratorResult<Row>;

  constructor(disk: Iterator<Row>, staged: readonly StagedRow[]) {
    this.#disk = disk;
    this.#staged = staged;
    this.#next = disk.next();
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<Row> {
    for (;;) {
      const staged = this.#staged[this.#index];
      const next = this.#next;
      if (staged === undefined) {
        if (next.done !== true) this.#next = this.#disk.next();
        return next;
      }
      const [key, row] = staged;
      const order = next.done === true ? -1 : Buffer.compare(key, next.value[0]);
      if (order > 0) {
        this.#next = this.#disk.next();
        return next;
      }
      this.#index++;
      if (order === 0) this.#next = this.#disk.next();
      if (row !== null) return { done: false, value: [asBuffer(key), row] };
    }
  }

  return(): IteratorResult<Row> {
    this.#disk.return?.();
    this.#index = this.#staged.length;
    this.#next = { done: true, value: undefined };
    return { done: true, value: undefined };
  }
}
