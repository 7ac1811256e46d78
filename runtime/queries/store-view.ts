import type { AvroType } from '../../topology/core/avro.ts';

/** A partition of a store that a member can answer for. */
export interface HeldPartition {
  readonly partition: number;
  /** `active`: the member runs its task, so it has what is committed; `standby`: it may be behind; `global`: it has the table of all partitions. */
  readonly role: 'active' | 'standby' | 'global';
  /** How far a standby may be behind; undefined: not at all, or of a global table not known. */
  readonly staleness: Staleness | undefined;
}

/** How far a copy may be behind its owner. */
export interface Staleness {
  /** Changelog records that it had not read when it looked last. */
  readonly records: number;
  /** Time since it had all that was committed, ms; undefined: it never had. */
  readonly ms: number | undefined;
}

/** A committed row. */
export interface StoreViewRow {
  readonly key: unknown;
  readonly value: unknown;
  /** Time of the record that wrote it, ms. */
  readonly time: number;
  readonly partition: number;
  /** The key as it is stored: rows are in the order of these. */
  readonly bytes: Buffer;
}

/**
 * What a member knows of a key:
 *
 * - `found`, `absent`: as of `from`. Of a key whose partition is not known, `absent` means that all partitions are here.
 * - `restoring`: this member is about to own the partition.
 * - `elsewhere`: other members have it, or may have it where the key's partition is not known.
 */
export type StoreAnswer =
  | { readonly kind: 'found'; readonly row: StoreViewRow; readonly from: HeldPartition }
  | { readonly kind: 'absent'; readonly from: readonly HeldPartition[] }
  | { readonly kind: 'restoring'; readonly partition: number }
  | { readonly kind: 'elsewhere'; readonly partition: number | undefined };

export interface StoreReadOptions {
  /** Standbys may answer, too, where this member does not own a partition. @defaultValue false */
  readonly standby?: boolean;
  /** Of standbys only those that had all that was committed at most so long ago, ms. @defaultValue any */
  readonly maxStalenessMs?: number;
}

/** The last row of a page: the next one begins behind it. */
export interface RowPlace {
  readonly key: unknown;
  readonly partition: number;
}

export interface StoreRangeOptions extends StoreReadOptions {
  /** First key; undefined: from the beginning. Keys are in the order of their bytes. */
  readonly from?: unknown;
  /** The key before which it ends; undefined: to the end. */
  readonly to?: unknown;
  /** Rows of this key alone; `from` and `to` do not count then. */
  readonly key?: unknown;
  /** Rows behind this one, in the order of key and partition. */
  readonly after?: RowPlace;
  /** The partitions that are looked at. @defaultValue all that are on this member */
  readonly partitions?: readonly number[];
  /** Most rows, from 1. */
  readonly limit: number;
}

/** Bytes of keys and rows in one answer, about: what is beyond is for the next one. */
export const maxAnswerBytes = 4 * 1024 * 1024;

export interface StoreRange {
  /** In order of key bytes, then of partitions. Fewer than asked for where they are large ({@link maxAnswerBytes}); then there are `more`. */
  readonly rows: readonly StoreViewRow[];
  /** There are more rows in the range, behind the last one. */
  readonly more: boolean;
  /** The partitions that were looked at. */
  readonly from: readonly HeldPartition[];
  /** The partitions that were asked for and that this member is about to own. */
  readonly restoring: readonly number[];
}

/**
 * A store, to be looked at from outside: committed rows only (E2), without the expired ones. One member's view knows the partitions that are on that member.
 */
export interface StoreView {
  readonly store: string;
  readonly key: AvroType;
  readonly value: AvroType;
  /** Number of partitions of the whole store, on all members. */
  readonly partitions: number;
  /**
   * The partition that has a key, by Kafka's default partitioner; undefined where that is not known, as the store is not keyed by what its input is partitioned by:
   * then every member must be asked.
   * @throws {SerdeError} when the key does not fit
   */
  partitionOf(key: unknown): number | undefined;
  /** Id of the task that has a partition; undefined of a global table, which every member has. */
  taskOf(partition: number): string | undefined;
  /** The partitions of it on this member. */
  held(options?: StoreReadOptions): readonly HeldPartition[];
  /** @throws {SerdeError} when the key does not fit */
  get(key: unknown, options?: StoreReadOptions): Promise<StoreAnswer>;
  /** Rows of the partitions on this member. @throws {SerdeError} when a bound does not fit */
  range(options: StoreRangeOptions): Promise<StoreRange>;
}
