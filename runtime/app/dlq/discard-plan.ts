import type { ParkedKey } from '../../task/parking/parked-rows.ts';
import { bySource } from './key-order.ts';
import type { DeadLetter } from './letter.ts';
import { type LetterDiscard, type LetterStays, stays } from './letter-step.ts';
import { waitingBehind } from './parked-book.ts';
import { discarded, type RedrivenById, redrivenOf } from './redriven.ts';
import { parks, releaseOf } from './redrive-plan.ts';

/** What is known before letters are given up. */
export interface DiscardFacts {
  readonly redriven: RedrivenById;
  /** Letters are named one by one: of those that were sent on or discarded before it is said. */
  readonly named: boolean;
  /** The letter's key as it is parked in the letter's task; undefined: it is not. */
  readonly parkedKey: (letter: DeadLetter) => ParkedKey | undefined;
}

/** What becomes of selected letters that are to be given up, in the order of their records. Those that were sent on or discarded before are left out, if they are not named. */
export function discardSteps(
  selected: readonly DeadLetter[],
  { redriven, named, parkedKey }: DiscardFacts,
): readonly (LetterDiscard | LetterStays)[] {
  return [...selected].sort(bySource).flatMap((letter): (LetterDiscard | LetterStays)[] => {
    const done = redrivenOf(letter, redriven);
    if (done !== undefined) {
      const how = done.to === discarded ? 'discarded' : `sent on to ${done.to}`;
      return named ? [stays(letter, `it was ${how} at ${done.at}`)] : [];
    }
    const key = parkedKey(letter);
    if (!parks(letter, key)) return [{ kind: 'discard', letter, waiting: 0 }];
    const release = releaseOf(letter, key, 'discard');
    return [{ kind: 'discard', letter, release, waiting: waitingBehind(key) }];
  });
}
