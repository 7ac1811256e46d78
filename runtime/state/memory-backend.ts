import type { StateBackend, StateTable, StateWrites } from '../ports.ts';

/**
 * State in memory, for the test driver and tests: what was applied is there for as long as this
 * object is, so an engine that is started anew on it finds what a process would find on disk after
 * a crash. Nothing is shared with what was handed in or out.
 */
export class MemoryStateBackend implements StateBackend {
  readonly #tables = new Map<string, MemoryTable>();
  #incarnation: string | undefined;

  incarnation(): string | undefined {
    return this.#incarnation;
  }

  open(store: string, partition: number): StateTable {
    const id = `${store}/${partition}`;
    let table = this.#tables.get(id);
    if (table === undefined) {
      table = new MemoryTable(store, partition);
      this.#tables.set(id, table);
    }
    return table;
  }

  async apply(writes: readonly StateWrites[], incarnation: string): Promise<void> {
    for (const write of writes) {
      (this.open(write.store, write.partition) as MemoryTable).apply(write);
    }
    this.#incarnation = incarnation;
  }

  async wipe(store: string, partition: number): Promise<void> {
    this.#tables.get(`${store}/${partition}`)?.clear();
  }

  tables(): readonly { readonly store: string; readonly partition: number }[] {
    return [...this.#tables.values()]
      .filter((table) => table.used)
      .map(({ store, partition }) => ({ store, partition }));
  }

  /** Keeps everything: the same object can be used again. */
  async close(): Promise<void> {}
}

class MemoryTable implements StateTable {
  readonly store: string;
  readonly partition: number;
  /** Key bytes as latin1 text, whose order is that of the bytes. */
  readonly #rows = new Map<string, Buffer>();
  #sorted: readonly string[] | undefined;
  #position: number | undefined;
  #asOfMs: number | undefined;
  #topicId: string | undefined;

  constructor(store: string, partition: number) {
    this.store = store;
    this.partition = partition;
  }

  get used(): boolean {
    return this.#rows.size > 0 || this.#position !== undefined || this.#topicId !== undefined;
  }

  get(key: Uint8Array): Buffer | undefined {
    return this.#rows.get(text(key));
  }

  range(
    from: Uint8Array | undefined,
    to: Uint8Array | undefined,
  ): Iterable<readonly [key: Buffer, row: Buffer]> {
    this.#sorted ??= [...this.#rows.keys()].toSorted(compare);
    const low = from === undefined ? 0 : this.#place(text(from));
    const high = to === undefined ? this.#sorted.length : this.#place(text(to));
    const keys = this.#sorted.slice(low, high);
    return keys
      .map((key) => [Buffer.from(key, 'latin1'), this.#rows.get(key) as Buffer] as const)
      .values();
  }

  position(): number | undefined {
    return this.#position;
  }

  asOfMs(): number | undefined {
    return this.#asOfMs;
  }

  topicId(): string | undefined {
    return this.#topicId;
  }

  count(): number {
    return this.#rows.size;
  }

  apply({ rows, position, asOfMs, topicId }: StateWrites): void {
    for (const [key, row] of rows) {
      if (row === null) this.#rows.delete(text(key));
      else this.#rows.set(text(key), Buffer.from(row));
    }
    if (rows.length > 0) this.#sorted = undefined;
    if (position !== undefined) this.#position = position;
    if (asOfMs !== undefined) this.#asOfMs = asOfMs;
    if (topicId !== undefined) this.#topicId = topicId;
  }

  clear(): void {
    this.#rows.clear();
    this.#sorted = undefined;
    this.#position = undefined;
    this.#asOfMs = undefined;
    this.#topicId = undefined;
  }

  /** Index of the first key at or above `bound`. */
  #place(bound: string): number {
    const sorted = this.#sorted ?? [];
    let low = 0;
    for (let high = sorted.length; low < high;) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] as string) < bound) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
