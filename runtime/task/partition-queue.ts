import type { StreamRecord } from '../../topology/core/record.ts';
import { RecordBatchReader } from '../codec/batch-reader.ts';
import type { FetchedPartition } from '../ports.ts';
import type { RawRecord } from './dead-letter.ts';
import type { PartitionHead } from './partition-group.ts';
import { RawLookup } from './raw-lookup.ts';

/** Makes a record of what a reader stands on; throws a SerdeError or ProcessingError where that is impossible. */
export type DecodeRecord = (
  reader: RecordBatchReader,
  topic: string,
  partition: number,
) => StreamRecord;

/** The place of a record that does not decode. */
export interface PoisonRecord {
  readonly kind: 'poison';
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly time: number;
  readonly error: unknown;
}

/** What a queue gives: records as they are (nothing is wrapped on the hot path), or the place of one that does not decode. */
export type QueueItem = StreamRecord | PoisonRecord;

/** Thrown by a {@link DecodeRecord} when a schema id has to be looked up first; the queue then waits, it does not fail the record (design.md 9). */
export class SchemaPending extends Error {
  readonly schemaId: number;

  constructor(schemaId: number) {
    super(`schema id ${schemaId} is not resolved yet`);
    this.schemaId = schemaId;
  }
}

/**
 * Fetched but not yet taken records of one input partition. Records are decoded one ahead, because their time may be part of the value.
 *
 * Batches stay until {@link release}, so that the raw bytes of a failing record can be found again.
 */
export class PartitionQueue implements PartitionHead {
  readonly topic: string;
  readonly partition: number;
  paused = false;
  /** Offset after the last taken record: what is committed once the record's effects are (E3). */
  position: number;
  /** Offset to fetch next. */
  fetchPosition: number;
  endOffset: number | undefined;
  /** The schema id that the head waits for. */
  pendingSchema: number | undefined;
  bufferedBytes = 0;
  askedIn = 0;
  filledIn = 0;

  private readonly decode: DecodeRecord;
  private readonly reader = new RecordBatchReader();
  private readonly lookup = new RawLookup();
  private retained: Buffer[] = [];
  private waiting: Buffer[] = [];
  private head: StreamRecord | undefined;
  private poison: PoisonRecord | undefined;
  private reading = false;
  /** The reader stands on a record whose decoding had to wait for a schema. */
  private undecoded = false;

  constructor(topic: string, partition: number, position: number, decode: DecodeRecord) {
    this.topic = topic;
    this.partition = partition;
    this.position = position;
    this.fetchPosition = position;
    this.decode = decode;
  }

  get lag(): number | undefined {
    if (this.endOffset === undefined) return undefined;
    return Math.max(0, this.endOffset - this.fetchPosition);
  }

  /** True when all that was fetched is taken and the log has nothing more. */
  get caughtUp(): boolean {
    return this.headTime() === undefined && this.pendingSchema === undefined && this.lag === 0;
  }

  /** Takes what a fetch brought. `round` numbers the fetches of a member upwards. */
  add(fetched: FetchedPartition, round = this.askedIn): void {
    this.askedIn = round;
    if (fetched.batches.length > 0) this.filledIn = round;
    for (const batch of fetched.batches) {
      this.waiting.push(batch);
      this.bufferedBytes += batch.length;
    }
    this.fetchPosition = fetched.nextOffset;
    this.endOffset = fetched.endOffset;
    // Only markers or compacted offsets lay between: the position moves past them.
    if (fetched.batches.length === 0) this.settlePosition();
  }

  /** Drops everything and starts over at `position` (an aborted transaction rewinds, E2). */
  reset(position: number): void {
    this.position = position;
    this.fetchPosition = position;
    this.retained = [];
    this.waiting = [];
    this.head = undefined;
    this.poison = undefined;
    this.reader.close();
    this.lookup.close();
    this.reading = false;
    this.undecoded = false;
    this.bufferedBytes = 0;
    this.pendingSchema = undefined;
  }

  headTime(): number | undefined {
    if (this.head === undefined && this.poison === undefined) this.advance();
    return this.head?.time ?? this.poison?.time;
  }

  /** Takes the head. Call only when {@link headTime} gave a time. */
  take(): QueueItem {
    const item = this.head ?? (this.poison as PoisonRecord);
    this.head = undefined;
    this.poison = undefined;
    this.position = item.offset + 1;
    return item;
  }

  /** To be called when the queue ran empty: the position goes past offsets that hold nothing. */
  settlePosition(): void {
    if (this.headTime() === undefined && this.pendingSchema === undefined) {
      this.position = Math.max(this.position, this.fetchPosition);
    }
  }

  /** A schema id became known (or is known not to exist): the head is decoded again. */
  schemaResolved(): void {
    this.pendingSchema = undefined;
  }

  /** Forgets batches that are fully taken. */
  release(): void {
    if (this.retained.length === 0) return;
    for (const batch of this.retained) this.bufferedBytes -= batch.length;
    this.retained = [];
    this.lookup.keepOnly(this.reading ? this.reader.buffer : undefined);
  }

  /** The raw bytes of a record taken since the last {@link release}. */
  raw(offset: number): RawRecord | undefined {
    const found = this.found(offset);
    if (found === undefined) return undefined;
    const { timestamp: time } = found;
    return { key: found.key(), value: found.value(), headers: found.headers(), time };
  }

  /** The key of such a record alone, null where it has none; undefined: it is not here. */
  rawKey(offset: number): Buffer | null | undefined {
    return this.found(offset)?.key();
  }

  private found(offset: number): RecordBatchReader | undefined {
    const { retained, reader, reading } = this;
    return this.lookup.find(offset, retained, reading ? reader.buffer : undefined);
  }

  private advance(): void {
    if (this.pendingSchema !== undefined) return;
    if (this.undecoded) {
      this.undecoded = false;
      this.decodeHead();
      return;
    }
    for (;;) {
      if (!this.reading) {
        const batch = this.waiting.shift();
        if (batch === undefined) return;
        this.reader.openChecked(batch);
        this.reading = true;
      }
      if (!this.reader.next()) {
        this.retained.push(this.reader.buffer);
        this.reader.close();
        this.reading = false;
        continue;
      }
      if (this.reader.offset < this.position) continue;
      this.decodeHead();
      return;
    }
  }

  private decodeHead(): void {
    try {
      this.head = this.decode(this.reader, this.topic, this.partition);
    } catch (error) {
      if (error instanceof SchemaPending) {
        this.pendingSchema = error.schemaId;
        this.undecoded = true;
        return;
      }
      this.poison = {
        kind: 'poison',
        topic: this.topic,
        partition: this.partition,
        offset: this.reader.offset,
        time: this.reader.timestamp,
        error,
      };
    }
  }
}
