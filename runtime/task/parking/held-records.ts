import { IllegalStateError, ProcessingError } from '../../../topology/core/errors.ts';
import type { Parking } from '../../../topology/plan/plan.ts';
import { RecordBatchBuilder } from '../../codec/batch-builder.ts';
import { RecordBatchReader } from '../../codec/batch-reader.ts';
import type { TaskStore } from '../../state/task-store.ts';
import { type DecodeRecord, type QueueItem, SchemaPending } from '../partition-queue.ts';
import { isSameFailure, type Release } from '../release.ts';
import type { HeldItem } from '../work-item.ts';
import {
  decodeHeld,
  decodeParkedKey,
  decodeTotals,
  type HeldRecord,
  heldRow,
  oneRecordBatch,
  type ParkedKey,
  parkedKeyRow,
  type ParkedTotals,
  totalsKey,
} from './parked-rows.ts';
import { ParkingRoom } from './parking-room.ts';
import { ReleasedKey } from './released-key.ts';

export interface HeldRecordsOptions {
  readonly taskId: string;
  readonly parking: Parking;
  readonly store: TaskStore;
  /** Told that the task takes no further input, as it may not hold more. */
  readonly full: (message: string) => void;
  /** How records of a topic are decoded; undefined: no source reads it any more. */
  readonly decode: (topic: string) => DecodeRecord | undefined;
}

/**
 * The records that a task holds, seen between its batches: how many there are, and which of them are next because their keys were released.
 *
 * What a batch is given here it takes off the rows itself; so nothing is remembered but the notes that may still have something to release. One whose failure is
 * over is put aside, and forgotten when that is committed (E2).
 */
export class HeldRecords {
  private readonly options: HeldRecordsOptions;
  private readonly reader = new RecordBatchReader();
  private readonly builder = new RecordBatchBuilder();
  private readonly parkingRoom: ParkingRoom;
  private readonly released = new Map<string, ReleasedKey>();
  /** Put aside after the last seal, and before. */
  private over: ReleasedKey[] = [];
  private sealedOver: ReleasedKey[] = [];

  constructor(options: HeldRecordsOptions) {
    this.options = options;
    this.parkingRoom = new ParkingRoom(options);
  }

  /**
   * Most records that the next batch may take from the log; 0: none, until there is room. To be asked when there are some. `settled`: everything that was completed is committed.
   * @throws {ProcessingError} PARKED_FULL
   */
  room(settled: boolean): number {
    return this.parkingRoom.left(this.totals, { settled, releasing: this.releasing });
  }

  /** How much is held, uncommitted batches included. */
  get totals(): ParkedTotals {
    return decodeTotals(this.options.store.row(totalsKey)?.value as Buffer | undefined);
  }

  /** True while there may be records whose keys were released. */
  get releasing(): boolean {
    return this.released.size > 0;
  }

  /** The released keys, whose next records may wait for schemas. */
  get waiters(): Iterable<ReleasedKey> {
    return this.released.values();
  }

  /** A person decided about a key. To be told again does no harm: of several decisions about one failure the first counts. */
  release(note: Release): void {
    const key = new ReleasedKey(note);
    if (!this.released.has(key.id)) this.released.set(key.id, key);
  }

  /** The next records of keys that were released, `most` at most; those of topics that are paused stay. Undefined: there are none. */
  take(most: number, paused: (topic: string) => boolean): readonly HeldItem[] | undefined {
    const items: HeldItem[] = [];
    for (const key of this.released.values()) {
      if (items.length >= most) break;
      const row = this.row(key);
      if (row === undefined) {
        this.released.delete(key.id);
        this.over.push(key);
      } else if (key.pendingSchema === undefined) {
        this.takeOf(key, row, { items, most, paused });
      }
    }
    return items.length === 0 ? undefined : items;
  }

  /** What was put aside so far is so because of batches that are in this transaction or before it. */
  sealed(): void {
    this.sealedOver.push(...this.over);
    this.over = [];
  }

  committed(): void {
    this.sealedOver = [];
  }

  /** What was done since the last commit was not: all notes count again. */
  aborted(): void {
    for (const key of [...this.sealedOver, ...this.over]) this.released.set(key.id, key);
    this.sealedOver = [];
    this.over = [];
  }

  private row({ release }: ReleasedKey): ParkedKey | undefined {
    const value = this.options.store.row(parkedKeyRow(release.key))?.value;
    const row = value === undefined ? undefined : decodeParkedKey(value as Buffer);
    return row !== undefined && isSameFailure(row, release.parked) ? row : undefined;
  }

  private takeOf(
    released: ReleasedKey,
    row: ParkedKey,
    into: { items: HeldItem[]; most: number; paused: (topic: string) => boolean },
  ): void {
    const { key, parked, action, value } = released.release;
    for (let sequence = row.first; sequence < row.next; sequence++) {
      if (into.items.length >= into.most) return;
      const held = this.held(key, sequence);
      const item = { kind: 'held', key, sequence, parked } as const;
      const isHead = sequence === row.head;
      if (isHead && action === 'discard') {
        into.items.push({ ...item, taken: undefined, raw: held });
        continue;
      }
      if (into.paused(held.topic)) return;
      const raw = isHead && value !== undefined ? this.withValue(held, value) : held;
      const taken = this.decoded(raw, released);
      if (taken === undefined) return;
      into.items.push({ ...item, taken, raw });
    }
  }

  private held(key: Buffer, sequence: number): HeldRecord {
    const row = this.options.store.row(heldRow(key, sequence));
    if (row !== undefined) return decodeHeld(row.value as Buffer);
    throw new IllegalStateError(
      'PARKED_ROW',
      `task ${this.options.taskId} has lost record ${sequence} of a parked key`,
    );
  }

  private withValue(held: HeldRecord, value: Buffer | null): HeldRecord {
    const changed = { ...held, value };
    return { ...changed, batch: oneRecordBatch(changed, held.offset, this.builder) };
  }

  /** Undefined: it waits for a schema. */
  private decoded(held: HeldRecord, released: ReleasedKey): QueueItem | undefined {
    const { topic, partition, offset, time, batch } = held;
    const { reader } = this;
    try {
      const decode = this.options.decode(topic);
      if (decode === undefined) throw this.unread(topic);
      reader.openChecked(batch);
      reader.next();
      return decode(reader, topic, partition);
    } catch (error) {
      if (error instanceof SchemaPending) {
        released.pendingSchema = error.schemaId;
        return undefined;
      }
      return { kind: 'poison', topic, partition, offset, time, error };
    } finally {
      reader.close();
    }
  }

  private unread(topic: string): ProcessingError {
    return new ProcessingError(
      'PARKED_TOPIC',
      `the record was held when the topology read "${topic}", which it does not any more: read the topic again, or give the record up`,
    );
  }
}
