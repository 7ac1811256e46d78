import type { CallResult } from '../calls/call-dispatcher.ts';
import type { JournaledIntent } from '../calls/intent-codec.ts';
import type { CompiledPunctuation } from './compiled.ts';
import type { QueueItem } from './partition-queue.ts';

/** The answer to a journaled intent, on its way into a batch of its own (design.md 7, step 3). */
export interface ReplyItem {
  readonly kind: 'reply';
  readonly stage: string;
  readonly sequence: number;
  readonly intent: JournaledIntent;
  readonly result: CallResult;
}

/** A wall-clock punctuation that is due. Those of stream time fire with the records that make them due. */
export interface TickItem {
  readonly kind: 'tick';
  readonly punctuation: CompiledPunctuation;
  /** Wall clock, ms. */
  readonly time: number;
}

/** What a batch is made of: one input record, one punctuation or one reply each. */
export type WorkItem = QueueItem | ReplyItem | TickItem;
