import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { reapProcess } from '../../broker/harness/reaper.ts';
import { run } from '../../broker/harness/run.ts';

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child of a campaign that says words. It does not outlive this process, not even frozen. */
export class WordyChild<Word> {
  /** Resolves when it is gone and all that it said was heard. */
  readonly ended: Promise<ChildEnd>;
  readonly #child: ChildProcess;

  constructor(script: string, settings: object, heard: (word: Word) => void) {
    const file = fileURLToPath(new URL(`child/${script}`, import.meta.url));
    const child = spawn(process.execPath, [file, JSON.stringify(settings)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    reapProcess(child);
    this.#child = child;
    child.stdin.on('error', () => {});
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => heard(JSON.parse(line) as Word));
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** True while the process is stopped by a signal. */
  async isStopped(): Promise<boolean> {
    const { code, stdout } = await run('ps', ['-o', 'stat=', '-p', String(this.#child.pid)]);
    return code === 0 && stdout.startsWith('T');
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  write(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }
}
