import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process that says in its log when it serves clients. */
export interface Starting {
  readonly child: ChildProcess;
  readonly logFile: string;
  /** Where its part of the log begins, bytes: {@link logEnd} before the start. */
  readonly from: number;
  /** What it writes when it serves. */
  readonly text: string;
  /** As messages call it. */
  readonly name: string;
  readonly patienceMs: number;
}

/** Bytes that a log file has now. */
export function logEnd(logFile: string): number {
  return existsSync(logFile) ? statSync(logFile).size : 0;
}

/** True while a process lives, paused or not. */
export function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/**
 * Waits until a process serves clients.
 * @throws Error with what is telling in the log where the process ends, or is late
 */
export async function untilStarted(starting: Starting): Promise<void> {
  const { child, logFile, from, text, name, patienceMs } = starting;
  const deadline = Date.now() + patienceMs;
  const fail = (what: string): Error => {
    const lines = readFileSync(logFile).subarray(from).toString().trim().split('\n');
    const telling = lines.filter((line) => / ERROR |Exception|Caused by/.test(line)).slice(0, 10);
    const shown = [...telling, ...lines.slice(-15)].join('\n');
    return new Error(`${name} ${what} (${logFile}):\n${shown}`);
  };
  while (!readFileSync(logFile).subarray(from).includes(text)) {
    if (!isRunning(child)) throw fail('ended while it started');
    if (Date.now() > deadline) throw fail(`did not start in ${patienceMs} ms`);
    await sleep(50);
  }
}
