import type { Serde } from '../../schemas/serde.ts';
import type { AvroType } from '../../topology/core/avro.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { partitionOf } from '../../topology/core/murmur2.ts';
import type { StorePlan } from '../../topology/plan/plan.ts';
import type { SchemaCache } from '../engine/schema-cache.ts';
import type { StateBackend } from '../ports.ts';
import { ExpiryGrid } from '../state/expiry.ts';
import { checkRow, rowKeep, rowPrefixBytes, rowTime } from '../state/row-format.ts';
import { StoreKeys } from '../state/store-keys.ts';
import { mergeRows, type OrderedRow, type SortedRows } from './merge-rows.ts';
import {
  type HeldPartition,
  maxAnswerBytes,
  type StoreAnswer,
  type StoreRange,
  type StoreRangeOptions,
  type StoreReadOptions,
  type StoreView,
  type StoreViewRow,
} from './store-view.ts';

/** A held partition, and the stream time up to which its rows have expired; undefined: not known, so none have. */
export interface LocalPartition extends HeldPartition {
  readonly streamTime: number | undefined;
}

export interface LocalViewOptions {
  readonly plan: StorePlan;
  readonly partitions: number;
  /** One partition has each key, by Kafka's default partitioner. */
  readonly keyed: boolean;
  readonly keySerde: Serde;
  readonly valueSerde: Serde;
  readonly cache: SchemaCache;
  readonly state: StateBackend;
  /** The partitions that are on this member, standbys included. */
  readonly held: () => readonly LocalPartition[];
  readonly isRestoring: (partition: number) => boolean;
  readonly taskOf: (partition: number) => string | undefined;
}

interface RawRow extends OrderedRow {
  readonly row: Buffer;
  readonly from: LocalPartition;
}

interface WantedRows {
  readonly key: Buffer | undefined;
  readonly low: Buffer | undefined;
  readonly high: Buffer | undefined;
  /** Partitions up to this one begin behind `low`, the others with it. */
  readonly behind: number;
  /** The most of each partition: rows, and about bytes. */
  readonly limit: number;
  readonly maxBytes: number;
}

/** A store as it stands on this member's disk: what is there is committed (E4). */
export class LocalView implements StoreView {
  readonly store: string;
  readonly key: AvroType;
  readonly value: AvroType;
  readonly partitions: number;
  private readonly options: LocalViewOptions;
  private readonly keys: StoreKeys;
  private readonly grid: ExpiryGrid | undefined;

  constructor(options: LocalViewOptions) {
    const { plan } = options;
    this.options = options;
    this.store = plan.name;
    this.key = plan.key;
    this.value = plan.value;
    this.partitions = options.partitions;
    this.keys = new StoreKeys(plan.name, plan.key, options.keySerde);
    this.grid = plan.ttl === 'none' ? undefined : new ExpiryGrid(plan.ttl);
  }

  partitionOf(key: unknown): number | undefined {
    if (this.options.plan.global) return 0;
    const bytes = this.keys.view(key);
    return this.options.keyed ? partitionOf(bytes, this.partitions) : undefined;
  }

  taskOf(partition: number): string | undefined {
    return this.options.taskOf(partition);
  }

  held(options: StoreReadOptions = {}): readonly HeldPartition[] {
    return this.readable(options).map((it) => publicOf(it));
  }

  async get(key: unknown, options: StoreReadOptions = {}): Promise<StoreAnswer> {
    const partition = this.partitionOf(key);
    const bytes = this.keys.bytes(key);
    const held = this.readable(options);
    const asked = partition === undefined ? held : held.filter((it) => it.partition === partition);
    for (const from of asked) {
      const row = this.options.state.open(this.store, from.partition).get(bytes);
      if (row === undefined || this.isExpired(row, from)) continue;
      const copy = { bytes, row: copyOf(row), partition: from.partition, from };
      return { kind: 'found', row: await this.decode(copy), from: publicOf(from) };
    }
    const complete = partition === undefined ? held.length === this.partitions : asked.length > 0;
    if (complete) return { kind: 'absent', from: asked.map((it) => publicOf(it)) };
    if (partition !== undefined && this.options.isRestoring(partition)) {
      return { kind: 'restoring', partition };
    }
    return { kind: 'elsewhere', partition };
  }

  async range(options: StoreRangeOptions): Promise<StoreRange> {
    const { partitions, limit } = options;
    if (!Number.isInteger(limit) || limit < 1) {
      throw new ConfigError('QUERY_LIMIT', `limit is ${limit}; it must be a whole number from 1`);
    }
    const held = this.readable(options);
    const asked = held.filter(({ partition }) => partitions?.includes(partition) ?? true);
    const wanted = this.wanted(options, maxAnswerBytes / asked.length);
    // Read at one go, so that what comes meanwhile is in all of it or in none.
    const raw = mergeRows(
      asked.map((from) => this.firstRows(from, wanted)),
      limit,
    );
    const rows: StoreViewRow[] = [];
    for (const it of raw.rows) rows.push(await this.decode(it));
    const missing = (partitions ?? []).filter(
      (it) => !asked.some(({ partition }) => partition === it),
    );
    return {
      rows,
      more: raw.more,
      from: asked.map((it) => publicOf(it)),
      restoring: missing.filter((it) => this.options.isRestoring(it)),
    };
  }

  private wanted({ key, from, to, after, limit }: StoreRangeOptions, maxBytes: number): WantedRows {
    const bytes = (it: unknown): Buffer | undefined =>
      it === undefined ? undefined : this.keys.bytes(it);
    return {
      key: bytes(key),
      low: bytes(after?.key) ?? bytes(from),
      high: bytes(to),
      // Of the partitions up to that of the last row, its key was in the page before.
      behind: after?.partition ?? -1,
      limit,
      maxBytes,
    };
  }

  private firstRows(from: LocalPartition, wanted: WantedRows): SortedRows<RawRow> {
    const { key: only, low, high, behind, limit, maxBytes } = wanted;
    const rows: RawRow[] = [];
    let size = 0;
    for (const [key, row] of this.stored(from.partition, only, low, high)) {
      if (this.isExpired(row, from)) continue;
      if (from.partition <= behind && low?.equals(key)) continue;
      if (rows.length === limit || size > maxBytes) return { rows, more: true };
      size += key.length + row.length;
      const { partition } = from;
      rows.push({ bytes: Buffer.from(key), row: copyOf(row), partition, from });
    }
    return { rows, more: false };
  }

  private *stored(
    partition: number,
    only: Buffer | undefined,
    low: Buffer | undefined,
    high: Buffer | undefined,
  ): Iterable<readonly [key: Buffer, row: Buffer]> {
    const table = this.options.state.open(this.store, partition);
    if (only === undefined) return yield* table.range(low, high);
    const row = table.get(only);
    if (row !== undefined) yield [only, row];
  }

  private readable(options: StoreReadOptions): readonly LocalPartition[] {
    const { standby = false, maxStalenessMs = Infinity } = options;
    return this.options
      .held()
      .filter(
        ({ role, staleness }) =>
          role !== 'standby' || (standby && (staleness?.ms ?? Infinity) <= maxStalenessMs),
      );
  }

  private isExpired(row: Buffer, { streamTime }: LocalPartition): boolean {
    checkRow(row, this.store);
    if (this.grid === undefined || streamTime === undefined || rowKeep(row)) return false;
    return this.grid.expired(rowTime(row), streamTime);
  }

  /** Schemas of writers that are not at hand are fetched first. */
  private async decode({ bytes: key, row, partition }: RawRow): Promise<StoreViewRow> {
    const { keySerde, valueSerde, cache } = this.options;
    const ids = [
      keySerde.unknownId?.(key, 0, key.length),
      valueSerde.unknownId?.(row, rowPrefixBytes, row.length),
    ];
    for (const id of ids) if (id !== undefined) await cache.load(id);
    const value = valueSerde.read(row, rowPrefixBytes, row.length);
    return { key: this.keys.read(key), value, time: rowTime(row), partition, bytes: key };
  }
}

function publicOf({ partition, role, staleness }: LocalPartition): HeldPartition {
  return { partition, role, staleness };
}

/** A row that is kept. What LMDB lends has a length of its own, not that of its memory, which `Buffer.from` does not see. */
function copyOf(row: Buffer): Buffer {
  return Buffer.from(row.subarray(0, row.length));
}
