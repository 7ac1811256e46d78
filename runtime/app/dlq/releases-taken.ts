import { isStreamsError } from '../../../topology/core/errors.ts';
import type { ParkedKey } from '../../task/parking/parked-rows.ts';
import { pause } from '../../pause.ts';
import { systemClock } from '../system-clock.ts';
import type { ToolLog } from '../tool-log.ts';
import { type DeadLetter, failureId } from './letter.ts';
import type { LetterBook } from './letter-book.ts';
import type { LetterDiscard, LetterRelease, LetterStep } from './letter-step.ts';
import { ParkedBook, parkedChangelogs } from './parked-book.ts';
import { parks } from './redrive-plan.ts';

/** Pauses between looks at the tasks' changelogs, ms: the first, and the longest; each is twice the one before. */
const firstPauseMs = 20;
const longestPauseMs = 200;

/** A letter whose key is released. */
export type Released = (LetterRelease | LetterDiscard) & {
  readonly release: NonNullable<LetterDiscard['release']>;
};

/** True for a step that releases a key. */
export function isReleased<T extends LetterStep | LetterDiscard>(step: T): step is T & Released {
  return 'release' in step;
}

/** What has become of a released key. */
export type Became =
  /** Nothing of it is parked any more. `again`: the letter that the record has now, which failed under a policy that parks no key. */
  | { readonly kind: 'free'; readonly followed: number; readonly again?: string }
  /** It is parked anew. `letter` parks it, of the same record or of one behind it; undefined: it cannot be seen yet. */
  | { readonly kind: 'failed'; readonly letter?: string; readonly same: boolean }
  /** Its task has begun, and has not come to the end. */
  | { readonly kind: 'under-way' }
  /** Its task has not begun. */
  | { readonly kind: 'waits' };

/** What became of released keys within some time. */
export interface ReleasesTaken {
  /** Letter's id → what became of its key. */
  readonly became: ReadonlyMap<string, Became>;
  /** Whether the application runs; undefined: that cannot be seen. */
  readonly runs: boolean | undefined;
}

/** Looks for up to `waitMs` for what tasks make of released keys: not for longer than it takes, and once where the application does not run. */
export async function releasesTaken(
  tool: ToolLog,
  book: LetterBook,
  { released, waitMs }: { readonly released: readonly Released[]; readonly waitMs: number },
): Promise<ReleasesTaken> {
  const untilMs = systemClock.monotonic() + waitMs;
  const parked = new ParkedBook(parkedChangelogs(book.plan), tool.log, { places: false });
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const runs = await isRunning(tool, book.plan.application);
    await parked.read('committed');
    const keys = new Map(released.map(({ letter }) => [letter.id, parked.of(letter)]));
    const left = released.filter(({ letter }) => parks(letter, keys.get(letter.id)));
    const over = left.length === 0 || runs === false;
    if (over || systemClock.monotonic() >= untilMs) {
      return { became: await becameOf(released, keys, book), runs };
    }
    await pause(systemClock, pauseMs);
  }
}

async function isRunning(tool: ToolLog, application: string): Promise<boolean | undefined> {
  try {
    await tool.refuseRunning(application);
    return false;
  } catch (error) {
    if (!isStreamsError(error)) throw error;
    const running = error.code === 'APPLICATION_OWNED' || error.code === 'GROUP_ACTIVE';
    // Who may write letters may not be allowed to ask that.
    return running ? true : undefined;
  }
}

async function becameOf(
  released: readonly Released[],
  keys: ReadonlyMap<string, ParkedKey | undefined>,
  book: LetterBook,
): Promise<ReadonlyMap<string, Became>> {
  const known = new Map(released.map(({ letter }) => [placeOf(letter), letter]));
  const ofRecord = new Map<string, string>();
  const ofFailure = new Map<string, DeadLetter>();
  await book.read((letter) => {
    if (letter.origin !== 'record') return;
    const before = known.get(placeOf(letter));
    if (before !== undefined && before.offset < letter.offset) {
      ofRecord.set(before.id, letter.id);
    }
    if (letter.parked !== undefined) ofFailure.set(failureId(letter, letter.parked), letter);
  });
  return new Map(
    released.map((one): [string, Became] => {
      const { letter, waiting } = one;
      const key = keys.get(letter.id);
      if (key === undefined) {
        const again = ofRecord.get(letter.id);
        return [
          letter.id,
          { kind: 'free', followed: waiting, ...(again === undefined ? {} : { again }) },
        ];
      }
      if (parks(letter, key)) {
        return [letter.id, { kind: key.head < key.first ? 'under-way' : 'waits' }];
      }
      const by = ofFailure.get(failureId(letter, key));
      const same = placeOf({ ...letter, source: key }) === placeOf(letter);
      return [letter.id, { kind: 'failed', same, ...(by === undefined ? {} : { letter: by.id }) }];
    }),
  );
}

/** Task and place of a letter's record. */
function placeOf({ task, source }: Pick<DeadLetter, 'task' | 'source'>): string {
  return `${task} ${source?.topic}/${source?.partition}/${source?.offset}`;
}
