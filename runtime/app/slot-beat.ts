import { statSync, utimesSync } from 'node:fs';
import type { Clock } from '../../topology/core/clock.ts';
import { pause } from '../pause.ts';

/** Time between two signs of life, ms. */
const beatMs = 2000;
/** Without a sign of life for so long a member is dead, ms. */
const silenceMs = 10_000;

/**
 * Gives signs of life through a file's time of change, which processes see that cannot see each other. Returns what ends it.
 */
export function startBeat(file: string, clock: Clock): () => void {
  let cancel = (): void => {};
  const beat = (): void => {
    const seconds = clock.now() / 1000;
    try {
      utimesSync(file, seconds, seconds);
    } catch {
      // The folder is away for now, or was removed: the work itself meets that.
    }
    cancel = clock.after(beatMs, beat);
  };
  beat();
  return () => cancel();
}

/** True as soon as a file's time of change moves; false if it did not for as long as no live member is silent. */
export async function isBeating(file: string, clock: Clock): Promise<boolean> {
  const before = changedAt(file);
  for (let waitedMs = 0; waitedMs < silenceMs; waitedMs += beatMs / 2) {
    await pause(clock, beatMs / 2);
    if (changedAt(file) !== before) return true;
  }
  return false;
}

function changedAt(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
