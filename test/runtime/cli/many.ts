import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTopics } from '../../../runtime/app/open-topics.ts';
import type { Cli } from './cli.ts';

/** A topology that copies one topic into another, by way of a function where `through` names one. */
function copying(application: string, from: string, to: string, through?: string): string {
  const map = through === undefined ? '' : `map-values: { use: ${through}, as: string }, `;
  return `application: ${application}
processors: processors
streams:
  ${from}: { topic: ${from}, key: string, value: string, format: string, partitions: 1 }
  ${to}: { topic: ${to}, key: string, value: string, format: string, partitions: 1 }
stages:
  copy: { from: ${from}, ${map}to: ${to} }
errors:
  default: { fail: true }
`;
}

/** Two applications: `first` feeds `second` through `middle`. A record "poison" fails the first one while the file "poisonous" is there. */
export const two: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }\n',
  'first.yaml': copying('first', 'input', 'middle', 'sip'),
  'second.yaml': copying('second', 'middle', 'output'),
  'processors/sip.ts': `import { existsSync } from 'node:fs';

export function sip(value: string): string {
  if (value === 'poison' && existsSync('poisonous')) throw new Error('it was poisoned');
  // Like an endless loop, without its load.
  if (value === 'hog') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return value;
}
`,
  'millrace.yaml': 'data: data\nrestart: { first: 200ms }\n',
};

/** Writes values into the topic `input` of a project. */
export async function feed(cwd: string, ...values: readonly string[]): Promise<void> {
  const topics = await openTopics({ topology: join(cwd, 'first.yaml'), data: join(cwd, 'data') });
  await topics.send('input', ...values.map((value) => ({ key: 'k', value })));
  await topics.close();
}

/** The log lines that a runner wrote so far. @throws {SyntaxError} for a line that is no JSON */
export function logLines({ stderr }: { stderr: string }): readonly Record<string, unknown>[] {
  const whole = stderr.slice(0, stderr.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Resolves when as many applications as said have said that they run. */
export async function untilRunning(runner: Cli, times = 2): Promise<void> {
  await runner.until((it) => it.stderr.split(' runs"').length > times);
}

/** Process ids that an isolated runner has said that its applications have; the newest of each. */
export function pidOf(runner: Cli, application: string): number {
  const runs = logLines(runner).filter(
    (line) => line['application'] === application && typeof line['process'] === 'number',
  );
  return runs.at(-1)?.['process'] as number;
}

/** True while a process is there. */
export function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Resolves when none of the processes is there. @throws when one still is after `patienceMs` */
export async function untilGone(pids: readonly number[], patienceMs = 10_000): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (pids.some(isThere)) {
    if (Date.now() > deadline) throw new Error(`still there: ${pids.filter(isThere).join(', ')}`);
    await sleep(50);
  }
}
