import { type ChildProcess, fork } from 'node:child_process';
import { ChildEndedError } from '../../app/runner/child-ended-error.ts';
import { nameOf } from '../../app/runner/in-this-process.ts';
import type { LiveFigures } from '../../app/runner/live-figures.ts';
import type { Progress, Running, Startable } from '../../app/runner/startable.ts';
import { systemClock } from '../../app/system-clock.ts';
import { exitCodes } from '../exit-codes.ts';
import type { RunOptions } from '../run-options.ts';
import { closeGraceMs } from './close-grace.ts';
import type { ChildOrder, ChildWord, RunnerWord } from './messages.ts';
import { siblingFile } from './sibling-file.ts';

/** An application that is started in a process of its own: what ends that one ends no other. */
export function inOwnProcess(file: string, options: RunOptions): Startable {
  return {
    file,
    name: nameOf(file),
    start: (signal) => ChildRun.start({ file, options }, signal),
  };
}

/** An application in a child process, as a supervisor sees it. */
class ChildRun implements Running {
  application = '';
  endpoint: string | undefined;
  readonly pid: number;
  readonly failed: Promise<unknown>;
  private readonly child: ChildProcess;
  /** Resolves when the process is gone. */
  private readonly gone: Promise<void>;
  private latest: LiveFigures | undefined;
  private answer: ((progress: Progress) => void) | undefined;

  private constructor(child: ChildProcess, order: ChildOrder, running: () => void) {
    this.child = child;
    this.pid = child.pid ?? 0;
    const { promise, resolve: fail } = Promise.withResolvers<unknown>();
    this.failed = promise;
    let told: ChildEndedError | undefined;
    child.on('message', (word: ChildWord) => {
      switch (word.say) {
        case 'running':
          this.application = word.application;
          this.endpoint = word.endpoint;
          running();
          break;
        case 'figures':
          this.latest = word.figures;
          break;
        case 'progress':
          this.answer?.(word.progress);
          break;
        case 'failed':
          told = new ChildEndedError(word.code, word.message, word);
          break;
      }
    });
    this.gone = new Promise((resolve) => {
      child.on('error', (error) => {
        told ??= ended(order.file, `could not be started (${error.message})`);
        fail(told);
        resolve();
      });
      // After all of its messages.
      child.on('close', (code, by) => {
        const how = by === null ? `ended with exit code ${code}` : `was ended by ${by}`;
        fail(told ?? ended(order.file, how));
        resolve();
        this.answer?.({ caughtUp: false, commits: 0 });
      });
    });
  }

  /** @throws {ChildEndedError} when it ended before it ran */
  static async start(order: ChildOrder, signal: AbortSignal): Promise<ChildRun> {
    const child = fork(siblingFile(import.meta.url, 'child'), [JSON.stringify(order)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const kill = (): void => void child.kill('SIGKILL');
    endWithRunner(child);
    // Whoever is starting has done nothing yet: as safe as a crash.
    signal.addEventListener('abort', kill, { once: true });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const run = new ChildRun(child, order, () => resolve(undefined));
    const failed = await Promise.race([promise, run.failed.then((error) => ({ error }))]);
    signal.removeEventListener('abort', kill);
    if (failed !== undefined) throw failed.error;
    return run;
  }

  figures(): LiveFigures | undefined {
    return this.latest;
  }

  async progress(): Promise<Progress> {
    const answered = new Promise<Progress>((resolve) => {
      this.answer = resolve;
    });
    if (!this.tell('progress')) return { caughtUp: false, commits: 0 };
    return answered;
  }

  async close(): Promise<void> {
    this.tell('stop');
    const cancel = systemClock.after(closeGraceMs, () => this.child.kill('SIGKILL'));
    await this.gone;
    cancel();
  }

  /** False where it cannot be told any more. */
  private tell(word: RunnerWord): boolean {
    if (!this.child.connected) return false;
    this.child.send(word, () => {
      // It is about to end: that comes as an event of its own.
    });
    return true;
  }
}

const children = new Set<ChildProcess>();

/** A runner that ends at once leaves nobody behind. One listener for all of them: Node warns of many. */
function endWithRunner(child: ChildProcess): void {
  if (children.size === 0) process.on('exit', killChildren);
  children.add(child);
  child.once('exit', () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', killChildren);
  });
}

function killChildren(): void {
  for (const child of children) child.kill('SIGKILL');
}

function ended(file: string, how: string): ChildEndedError {
  const message = `the process of ${file} ${how}: what it wrote on standard error may say why`;
  const text = `error[CHILD_ENDED] ${message}\n`;
  return new ChildEndedError('CHILD_ENDED', message, {
    exitCode: exitCodes.findings,
    final: false,
    text,
  });
}
