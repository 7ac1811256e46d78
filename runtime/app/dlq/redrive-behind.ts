import type { ToolLog } from '../tool-log.ts';
import type { LetterBook } from './letter-book.ts';
import type { LetterStep } from './letter-step.ts';
import { redrive, type RedriveOptions } from './redrive.ts';
import { type Became, isReleased, type ReleasesTaken, releasesTaken } from './releases-taken.ts';

/** What a redrive of letters, and of those that failed behind them, came to. */
export interface BehindResult {
  /** Of the letters behind, in the order in which they were sent. */
  readonly steps: readonly LetterStep[];
  /** Letter that was sent at first → what has become of its key in the end. */
  readonly taken: ReleasesTaken;
}

/**
 * Sends on what failed behind records whose keys were released, and what fails behind that, as long as it gets on: until the keys are free, a record fails again that
 * was sent on, or its letter has to stay. Of many records that fail for one reason, each has its turn only when those before it went through.
 * @throws as {@link redrive}
 */
export async function redriveBehind(
  tool: ToolLog,
  book: LetterBook,
  after: {
    readonly options: RedriveOptions;
    /** Of the redrive before. */
    readonly steps: readonly LetterStep[];
    readonly taken: ReleasesTaken;
    readonly waitMs: number;
  },
): Promise<BehindResult> {
  const { options, waitMs } = after;
  const became = new Map(after.taken.became);
  const waiting = new Map(
    after.steps.filter(isReleased).map(({ letter, waiting: count }) => [letter.id, count]),
  );
  let { runs } = after.taken;
  const steps: LetterStep[] = [];
  let behind = nextOf(became, (id) => id);
  while (behind.size > 0) {
    const here = behind;
    const result = await redrive(tool, book, { ...options, selected: ({ id }) => here.has(id) });
    steps.push(...result.steps);
    const released = result.steps.filter(isReleased);
    if (released.length === 0) break;
    const taken = await releasesTaken(tool, book, { released, waitMs });
    runs = taken.runs;
    const first = (id: string): string => here.get(id) ?? id;
    for (const [id, of] of taken.became) {
      became.set(first(id), asOfFirst(of, waiting.get(first(id)) ?? 0));
    }
    behind = nextOf(taken.became, first);
  }
  return { steps, taken: { became, runs } };
}

/** Letters that park keys behind those that went through → the letter that was sent at first. */
function nextOf(
  became: ReadonlyMap<string, Became>,
  first: (id: string) => string,
): ReadonlyMap<string, string> {
  const next = new Map<string, string>();
  for (const [id, of] of became) {
    if (of.kind === 'failed' && !of.same && of.letter !== undefined) next.set(of.letter, first(id));
  }
  return next;
}

/** What became of a letter behind, said of the first one, behind which so many waited. */
function asOfFirst(became: Became, waiting: number): Became {
  if (became.kind === 'failed') return { ...became, same: false };
  if (became.kind !== 'free') return became;
  if (became.again !== undefined) return { kind: 'failed', same: false, letter: became.again };
  return { kind: 'free', followed: waiting };
}
