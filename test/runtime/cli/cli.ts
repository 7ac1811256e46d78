import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, vi } from 'vitest';

const main = fileURLToPath(new URL('../../../runtime/cli/main.ts', import.meta.url));

/** How a command ended, and what it said. */
export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A shell command to run before it, like a limit. */
  readonly prefix?: string;
  /** A command that runs it, like `setpriv …`. */
  readonly wrapper?: string;
  /** Another script than the command line. */
  readonly script?: string;
}

// Processes start slowly on a machine that is busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** The real command line in a process of its own. */
export class Cli {
  readonly process: ChildProcess;
  readonly ended: Promise<CliResult>;
  stdout = '';
  stderr = '';
  private waiting: (() => void)[] = [];

  constructor(args: readonly string[], options: CliOptions) {
    const { cwd, env, prefix, wrapper, script } = options;
    const command = [process.execPath, script ?? main, ...args];
    const quoted = command.map((it) => `'${it.replaceAll("'", `'\\''`)}'`).join(' ');
    const child = spawn('sh', ['-c', `${prefix ?? ''}exec ${wrapper ?? ''} ${quoted}`], {
      cwd,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    running.add(child);
    child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
      this.wake();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
      this.wake();
    });
    this.ended = new Promise((resolve) => {
      child.on('close', (code) => {
        running.delete(child);
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
        this.wake();
      });
    });
  }

  /** Resolves when the condition holds for what was said. */
  async until(condition: (cli: Cli) => boolean): Promise<void> {
    while (!condition(this)) {
      if (!running.has(this.process)) {
        throw new Error(`it ended before:\n${this.stdout}\n${this.stderr}`);
      }
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** Runs a command to its end. */
export function cli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return new Cli(args, options).ended;
}
