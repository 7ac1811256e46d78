import type { KeyValueStore } from '../../../processors/store.ts';
import type { Parking } from '../../../topology/plan/plan.ts';
import { RecordBatchBuilder } from '../../codec/batch-builder.ts';
import type { Position } from '../../ports.ts';
import type { Attempt } from '../attempt.ts';
import type { RawRecord } from '../dead-letter.ts';
import type { ParkedId } from '../release.ts';
import {
  decodeParkedKey,
  decodeTotals,
  encodeHeld,
  encodeParked,
  heldRow,
  type ParkedKey,
  parkedKeyId,
  parkedKeyRanges,
  parkedKeyRow,
  type ParkedTotals,
  totalsKey,
} from './parked-rows.ts';

export interface ParkedKeysOptions {
  readonly parking: Parking;
  readonly handle: (store: string, attempt: Attempt) => KeyValueStore;
}

/**
 * The parked keys of one task and the records that wait behind them, as an attempt of a batch sees and changes them: all of it rows of a store, so that it is rolled back, committed
 * and restored with everything else of the batch (E1).
 */
export class ParkedKeys {
  /** False: no key is parked, so no record of this attempt needs to be looked up. */
  any = false;
  private readonly options: ParkedKeysOptions;
  private readonly topics: ReadonlySet<string>;
  private readonly builder = new RecordBatchBuilder();
  /**
   * Ids of all keys that are parked, and of some that were: it spares looking into the store for those that are not. Undefined: to be read from there.
   */
  private maybe: Set<string> | undefined;

  constructor(options: ParkedKeysOptions) {
    this.options = options;
    this.topics = new Set(options.parking.topics);
  }

  /** To be called when an attempt begins. */
  begin(attempt: Attempt): void {
    const store = this.store(attempt);
    this.any = totalsOf(store).keys > 0;
    if (!this.any && this.maybe?.size !== 0) this.maybe = new Set();
    this.maybe ??= parkedIn(store);
  }

  /** What was done since the last commit was not: keys that were freed may be parked. */
  abandon(): void {
    this.maybe = undefined;
  }

  /** False for a key that is not parked, for most of them without a look into the store. */
  mayBeParked(key: Buffer): boolean {
    return this.maybe?.has(parkedKeyId(key)) !== false;
  }

  /** True for topics whose records may be held. */
  covers(topic: string): boolean {
    return this.topics.has(topic);
  }

  /** The row of a key; undefined: it is not parked. */
  of(key: Buffer, attempt: Attempt): ParkedKey | undefined {
    return this.row(key, this.store(attempt));
  }

  /** Parks a key behind a record of it that failed. */
  park(key: Buffer, at: Position, raw: RawRecord, nowMs: number, attempt: Attempt): ParkedId {
    const store = this.store(attempt);
    const totals = totalsOf(store);
    // Whatever the clock does: no failure of a key that was released is ever meant by the note of another.
    const parked = { attempt: 1, sinceMs: Math.max(nowMs, totals.freedMs + 1) };
    const row = { ...parked, ...placeOf(at), head: 0, first: 0, next: 1 };
    this.put(store, key, row);
    this.putHeld(store, key, 0, at, raw);
    putTotals(store, { ...totals, keys: totals.keys + 1, held: totals.held + 1 });
    this.any = true;
    this.maybe?.add(parkedKeyId(key));
    return parked;
  }

  /** Puts a record behind those that wait for its key. */
  hold(row: ParkedKey, key: Buffer, at: Position, raw: RawRecord, attempt: Attempt): void {
    const store = this.store(attempt);
    this.putHeld(store, key, row.next, at, raw);
    this.put(store, key, { ...row, next: row.next + 1 });
    const totals = totalsOf(store);
    putTotals(store, { ...totals, held: totals.held + 1 });
  }

  /** Parks a key anew behind the first of its records, which failed when its turn had come, with the bytes that it had then. */
  parkAgain(key: Buffer, at: Position, raw: RawRecord, nowMs: number, attempt: Attempt): ParkedId {
    const store = this.store(attempt);
    const row = this.row(key, store) as ParkedKey;
    const parked = { attempt: row.attempt + 1, sinceMs: Math.max(nowMs, row.sinceMs) };
    this.put(store, key, { ...row, ...parked, ...placeOf(at), head: row.first });
    this.putHeld(store, key, row.first, at, raw);
    return parked;
  }

  /** Takes the first record of a key off; with its last one the key is free. */
  takeOff(key: Buffer, attempt: Attempt): void {
    const store = this.store(attempt);
    const row = this.row(key, store) as ParkedKey;
    const totals = totalsOf(store);
    store.delete(heldRow(key, row.first));
    const first = row.first + 1;
    const held = totals.held - 1;
    if (first < row.next) {
      this.put(store, key, { ...row, first });
      putTotals(store, { ...totals, held });
      return;
    }
    store.delete(parkedKeyRow(key));
    const freedMs = Math.max(totals.freedMs, row.sinceMs);
    putTotals(store, { keys: totals.keys - 1, held, freedMs });
  }

  private store(attempt: Attempt): KeyValueStore {
    return this.options.handle(this.options.parking.store, attempt);
  }

  private row(key: Buffer, store: KeyValueStore): ParkedKey | undefined {
    const value = store.get(parkedKeyRow(key));
    return value === undefined ? undefined : decodeParkedKey(value as Buffer);
  }

  private put(store: KeyValueStore, key: Buffer, row: ParkedKey): void {
    store.put(parkedKeyRow(key), encodeParked(row));
  }

  private putHeld(
    store: KeyValueStore,
    key: Buffer,
    sequence: number,
    at: Position,
    raw: RawRecord,
  ): void {
    store.put(heldRow(key, sequence), encodeHeld(at, raw, this.builder));
  }
}

function parkedIn(store: KeyValueStore): Set<string> {
  const ids = new Set<string>();
  for (const [from, to] of parkedKeyRanges) {
    for (const [row] of store.range({ from, to })) ids.add((row as Buffer).toString('latin1'));
  }
  return ids;
}

function totalsOf(store: KeyValueStore): ParkedTotals {
  return decodeTotals(store.get(totalsKey) as Buffer | undefined);
}

function putTotals(store: KeyValueStore, totals: ParkedTotals): void {
  store.put(totalsKey, encodeParked(totals));
}

function placeOf({ topic, partition, offset }: Position): Position {
  return { topic, partition, offset };
}
