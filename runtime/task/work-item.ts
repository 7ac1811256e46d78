import type { CallEnd, CallResult } from '../calls/open-call.ts';
import type { JournaledIntent } from '../calls/intent-codec.ts';
import type { CompiledPunctuation } from './compiled.ts';
import type { RawRecord } from './dead-letter.ts';
import type { QueueItem } from './partition-queue.ts';
import type { ParkedId } from './release.ts';

/** The answer to a journaled intent, on its way into a batch of its own (design.md 7, step 3). */
export interface ReplyItem {
  readonly kind: 'reply';
  readonly stage: string;
  readonly sequence: number;
  readonly intent: JournaledIntent;
  readonly result: CallResult;
  readonly end: CallEnd;
}

/** Progress of a journaled intent, to be written to its row. */
export interface NoteItem {
  readonly kind: 'note';
  readonly stage: string;
  readonly sequence: number;
  readonly intent: JournaledIntent;
}

/** What a call puts into a batch. */
export type CallItem = ReplyItem | NoteItem;

/** A wall-clock punctuation that is due. Those of stream time fire with the records that make them due. */
export interface TickItem {
  readonly kind: 'tick';
  readonly punctuation: CompiledPunctuation;
  /** Wall clock, ms. */
  readonly time: number;
}

/** A record that was held behind a dead letter, or is that letter's, and whose turn has come. */
export interface HeldItem {
  readonly kind: 'held';
  /** The key's bytes. */
  readonly key: Buffer;
  readonly sequence: number;
  /** The failure after which the key was released: where it has failed anew by now, the record waits on. */
  readonly parked: ParkedId;
  /** Undefined: it was given up. */
  readonly taken: QueueItem | undefined;
  readonly raw: RawRecord;
}

/** What a batch is made of: one input record, one record that was held, one punctuation, one reply or note of a call each. */
export type WorkItem = QueueItem | HeldItem | CallItem | TickItem;
