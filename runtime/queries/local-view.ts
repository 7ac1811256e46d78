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
import type {
  HeldPartition,
  StoreAnswer,
  StoreRange,
  StoreRangeOptions,
  StoreReadOptions,
  StoreView,
  StoreViewRow,
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
}

interface RawRow {
  readonly key: Buffer;
  readonly row: Buffer;
  readonly from: LocalPartition;
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
      const copy = { key: bytes, row: Buffer.from(row), from };
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
    const { from, to, limit } = options;
    if (!Number.isInteger(limit) || limit < 1) {
      throw new ConfigError('QUERY_LIMIT', `limit is ${limit}; it must be a whole number from 1`);
    }
    const low = from === undefined ? undefined : this.keys.bytes(from);
    const high = to === undefined ? undefined : this.keys.bytes(to);
    const held = this.readable(options);
    // Read at one go, so that what comes meanwhile is in all of it or in none.
    const raw = this.firstRows(held, { low, high }, limit + 1);
    const rows: StoreViewRow[] = [];
    for (const it of raw.slice(0, limit)) rows.push(await this.decode(it));
    return { rows, more: raw.length > limit, from: held.map((it) => publicOf(it)) };
  }

  /** Of each partition the first rows, and of these the first. */
  private firstRows(
    held: readonly LocalPartition[],
    { low, high }: { readonly low: Buffer | undefined; readonly high: Buffer | undefined },
    limit: number,
  ): readonly RawRow[] {
    const rows: RawRow[] = [];
    for (const from of held) {
      let count = 0;
      for (const [key, row] of this.options.state
        .open(this.store, from.partition)
        .range(low, high)) {
        if (this.isExpired(row, from)) continue;
        rows.push({ key: Buffer.from(key), row: Buffer.from(row), from });
        if (++count === limit) break;
      }
    }
    return rows.toSorted((a, b) => Buffer.compare(a.key, b.key)).slice(0, limit);
  }

  private readable({ standby = false }: StoreReadOptions): readonly LocalPartition[] {
    return this.options.held().filter(({ role }) => standby || role !== 'standby');
  }

  private isExpired(row: Buffer, { streamTime }: LocalPartition): boolean {
    checkRow(row, this.store);
    if (this.grid === undefined || streamTime === undefined || rowKeep(row)) return false;
    return this.grid.expired(rowTime(row), streamTime);
  }

  /** Schemas of writers that are not at hand are fetched first. */
  private async decode({ key, row, from }: RawRow): Promise<StoreViewRow> {
    const { keySerde, valueSerde, cache } = this.options;
    const ids = [
      keySerde.unknownId?.(key, 0, key.length),
      valueSerde.unknownId?.(row, rowPrefixBytes, row.length),
    ];
    for (const id of ids) if (id !== undefined) await cache.load(id);
    const value = valueSerde.read(row, rowPrefixBytes, row.length);
    return { key: this.keys.read(key), value, time: rowTime(row), partition: from.partition };
  }
}

function publicOf({ partition, role, staleness }: LocalPartition): HeldPartition {
  return { partition, role, staleness };
}
