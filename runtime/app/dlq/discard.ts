import type { ToolLog } from '../tool-log.ts';
import { discardSteps } from './discard-plan.ts';
import type { DeadLetter } from './letter.ts';
import type { LetterBook } from './letter-book.ts';
import { readParkedKeys } from './letter-facts.ts';
import { withLetterSender } from './letter-sender.ts';
import type { LetterDiscard, LetterStays } from './letter-step.ts';

/** Notes of one transaction, at most. */
const chunkLetters = 500;

export interface DiscardOptions {
  /** Which letters are meant. */
  readonly selected: (letter: DeadLetter) => boolean;
  /** Letters are named one by one: of those that were sent on or discarded before it is said. */
  readonly named: boolean;
  /** Nothing is written. */
  readonly dryRun: boolean;
}

/** What became of the selected letters, in the order of their records. */
export interface DiscardResult {
  readonly steps: readonly (LetterDiscard | LetterStays)[];
  /** Selected letters that had been sent on or discarded before, and were not named. */
  readonly before: number;
}

/**
 * Gives dead letters up: it is noted of each that it was discarded, and `redrive` leaves it. Of one that parks its key, its task is told to drop the record; those
 * behind it follow.
 * @throws {ConfigError} REDRIVE_RUNNING when somebody else redrives or discards
 * @throws {TaskMigratedError} FENCED when somebody else has begun meanwhile
 */
export async function discard(
  tool: ToolLog,
  book: LetterBook,
  options: DiscardOptions,
): Promise<DiscardResult> {
  if (options.dryRun) return judged(tool, book, options);
  return withLetterSender(tool.log, book.plan.application, async (sender) => {
    await sender.prepare();
    const result = await judged(tool, book, options);
    const steps = result.steps.filter((step) => step.kind === 'discard');
    for (let from = 0; from < steps.length; from += chunkLetters) {
      await sender.send(steps.slice(from, from + chunkLetters));
    }
    return result;
  });
}

async function judged(
  tool: ToolLog,
  book: LetterBook,
  { selected, named }: DiscardOptions,
): Promise<DiscardResult> {
  const redriven = await book.redriven();
  const letters = (await book.letters()).filter(selected);
  const parkedKey = await readParkedKeys(tool.log, book);
  const steps = discardSteps(letters, { redriven, named, parkedKey });
  return { steps, before: letters.length - steps.length };
}
