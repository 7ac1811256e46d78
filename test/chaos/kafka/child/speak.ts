import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

// What a child fails with is a finding: where it comes from is wanted.
Error.stackTraceLimit = 40;

/** Says a word to the parent, one JSON object a line, before anything else happens. */
export function say(word: { readonly say: string }): void {
  writeSync(1, `${JSON.stringify(word)}\n`);
}

/** Calls back for each line of the parent; when the parent is gone, this process ends at once. */
export function listen(heard: (line: string) => void): void {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', heard);
  lines.on('close', () => process.kill(process.pid, 'SIGKILL'));
}

/** An error in full: what is read is a finding. */
export function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${textOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
