import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import type { Release } from '../../task/release.ts';
import type { DeadLetter } from './letter.ts';

/** What becomes of a letter that is to be sent on. */
export type LetterStep =
  /** Its record goes to the topic that it came from, once more. */
  | {
      readonly kind: 'send';
      readonly letter: DeadLetter;
      readonly to: TopicPartition;
      /** Its key is parked: the record will wait there, behind so many. */
      readonly behind?: number;
    }
  /** Its call goes back into the journal, which is that changelog. */
  | {
      readonly kind: 'ask';
      readonly letter: DeadLetter;
      readonly to: TopicPartition;
      readonly stage: string;
      readonly intent: Uint8Array;
    }
  | LetterRelease
  | LetterStays;

/** A letter that parks its key: its task takes the record anew, and those that wait behind it. */
export interface LetterRelease {
  readonly kind: 'release';
  readonly letter: DeadLetter;
  /** Where its record came from: says how its value is read and written. */
  readonly to: TopicPartition;
  /** Without a new value. */
  readonly release: Release;
  /** Records behind it. */
  readonly waiting: number;
}

/** A letter that is not sent on. */
export interface LetterStays {
  readonly kind: 'stays';
  readonly letter: DeadLetter;
  readonly reason: string;
  /** Later letters of its key stay behind it, so that their order is kept. */
  readonly blocks: boolean;
}

/** A letter that is given up. */
export interface LetterDiscard {
  readonly kind: 'discard';
  readonly letter: DeadLetter;
  /** Of the key that it parks; undefined: it parks none. */
  readonly release?: Release;
  /** Records that it keeps waiting. */
  readonly waiting: number;
}

/** A step with the value that is written: of a release, undefined leaves the record as it was. */
export type ReadyStep =
  | (Extract<LetterStep, { kind: 'send' | 'ask' }> & { readonly value: Buffer | null })
  | (LetterRelease & { readonly value?: Buffer | null })
  | LetterDiscard;

/** The step of a letter that is left where it is. */
export function stays(letter: DeadLetter, reason: string, blocks = false): LetterStays {
  return { kind: 'stays', letter, reason, blocks };
}
