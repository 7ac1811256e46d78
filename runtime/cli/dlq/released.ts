import type { LetterBook } from '../../app/dlq/letter-book.ts';
import type { LetterDiscard, LetterStep } from '../../app/dlq/letter-step.ts';
import {
  type Became,
  isReleased,
  type ReleasesTaken,
  releasesTaken,
} from '../../app/dlq/releases-taken.ts';
import type { ToolLog } from '../../app/tool-log.ts';
import type { Console } from '../console.ts';
import { showCount } from '../text-table.ts';
import { letterName } from './letter-view.ts';

/** What has become of the keys that some steps released; undefined: they released none. */
export async function takenBy(
  tool: ToolLog,
  book: LetterBook,
  { steps, waitMs }: { readonly steps: readonly (LetterStep | LetterDiscard)[]; waitMs: number },
): Promise<ReleasesTaken | undefined> {
  const released = steps.filter(isReleased);
  return released.length === 0 ? undefined : releasesTaken(tool, book, { released, waitMs });
}

/** True when some record failed again. */
export function failedAgain(taken: ReleasesTaken | undefined): boolean {
  return [...(taken?.became.values() ?? [])].some(hasFailed);
}

type Failed = Extract<Became, { kind: 'failed' | 'free' }>;

function hasFailed(became: Became): became is Failed {
  return became.kind === 'failed' || (became.kind === 'free' && became.again !== undefined);
}

/** Says of each key that failed again what failed, and counts the keys. */
export function sayTaken(
  console: Console,
  { became, runs }: ReleasesTaken,
  { plan: { application }, topics }: LetterBook,
  steps: readonly (LetterStep | LetterDiscard)[],
): void {
  const counts = { free: 0, failed: 0, 'under-way': 0, waits: 0 };
  let followed = 0;
  for (const { letter } of steps) {
    const of = became.get(letter.id);
    if (of === undefined) continue;
    if (hasFailed(of)) console.note(`${letterName(letter, topics)} ${failureText(of, topics)}\n`);
    counts[hasFailed(of) ? 'failed' : of.kind]++;
    if (of.kind === 'free') followed += of.followed;
  }
  const said = [
    [counts.free, `free again, with ${showCount(followed)} records that waited`],
    [counts.failed, 'with a new dead letter'],
    [counts['under-way'], 'under way'],
    [counts.waits, waitingText(application, runs)],
  ] as const;
  const parts = said.filter(([count]) => count > 0);
  console.note(`parked keys: ${parts.map(([n, text]) => `${showCount(n)} ${text}`).join('; ')}\n`);
}

function failureText(became: Failed, topics: readonly string[]): string {
  const { letter, same } = became.kind === 'failed' ? became : { letter: became.again, same: true };
  const by = letter === undefined ? '' : `: ${letterName({ id: letter }, topics)}`;
  return same ? `failed again${by}` : `is over, but a record behind it failed${by}`;
}

function waitingText(application: string, runs: boolean | undefined): string {
  switch (runs) {
    case true:
      return `not taken yet by application "${application}", which runs`;
    case false:
      return `waiting for application "${application}" to run`;
    case undefined:
      return `not taken yet by application "${application}"`;
  }
}
