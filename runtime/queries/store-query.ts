import type { AvroType } from '../../topology/core/avro.ts';
import type { Duration } from '../../topology/core/duration.ts';
import type {
  HeldPartition,
  RowPlace,
  StoreRange,
  StoreRangeOptions,
  StoreView,
  StoreViewRow,
} from './store-view.ts';

/** Most rows of one answer. */
export const maxRows = 10_000;

/** Rows of one answer, where nothing is said. */
export const defaultRows = 100;

export interface StoreQueryOptions {
  /**
   * How far behind an answer may be. Then a copy on the member that is asked counts before its owner, and other standbys where the owner does not answer.
   * @defaultValue owners alone answer
   */
  readonly maxStaleness?: Duration;
}

export interface StoreScanOptions extends StoreQueryOptions {
  /** First key; undefined: from the beginning. Keys are in the order of their bytes. */
  readonly from?: unknown;
  /** The key before which it ends; undefined: to the end. */
  readonly to?: unknown;
  /** Rows behind this one: `next` of the answer before. */
  readonly after?: RowPlace;
  /** Most rows, 1 to 10,000. @defaultValue 100 */
  readonly limit?: number;
}

/** Who answered for a partition, and how far behind it may be. */
export interface AnsweredBy extends HeldPartition {
  /** Endpoint of another member; undefined: the member that was asked. */
  readonly member: string | undefined;
}

export interface StoreRows {
  /** In the order of key bytes, then of partitions. */
  readonly rows: readonly StoreViewRow[];
  /** There are more rows behind the last one: go on with `after`. */
  readonly next: RowPlace | undefined;
  readonly from: readonly AnsweredBy[];
}

/** What is asked of one member, of what is on its own disk. */
export type MemberScan = StoreRangeOptions & { readonly partitions: readonly number[] };

/** Asks another member. It asks nobody itself. */
export type AskMember = (
  endpoint: string,
  view: StoreView,
  scan: MemberScan,
) => Promise<StoreRange>;

/** A store, on all members: whichever is asked answers for every key. */
export interface StoreQuery {
  readonly store: string;
  readonly key: AvroType;
  readonly value: AvroType;
  readonly partitions: number;
  /** The part of it that is on this member. */
  readonly local: StoreView;
  /**
   * The rows with a key: one or none, but for a store whose key is not what its input is partitioned by: then one of each partition that has it.
   * @throws {QueryUnavailableError} when a partition that may have it has no answer now
   * @throws {SerdeError} when the key does not fit
   */
  get(key: unknown, options?: StoreQueryOptions): Promise<StoreRows>;
  /**
   * Rows of all partitions.
   * @throws {QueryUnavailableError} when one has no answer now
   * @throws {ConfigError} QUERY_LIMIT
   * @throws {SerdeError} when a bound does not fit
   */
  range(options?: StoreScanOptions): Promise<StoreRows>;
}
