import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A child process of a test that speaks in lines. */
export class Child {
  readonly process: ChildProcess;
  private readonly lines: string[] = [];
  private readonly ended: Promise<void>;
  private wake: () => void = () => {};
  private stderr = '';
  private over = false;

  /** Starts a script beside this file. `prefix` is a shell command to run before it, like a limit. */
  constructor(script: string, args: readonly string[], prefix = '') {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const command = [process.execPath, path, ...args].map((it) => `'${it}'`).join(' ');
    this.process = spawn('sh', ['-c', `${prefix}exec ${command}`]);
    this.process.stderr!.on('data', (text: Buffer) => (this.stderr += text.toString()));
    const reader = createInterface({ input: this.process.stdout! });
    reader.on('line', (line) => {
      this.lines.push(line);
      this.wake();
    });
    const read = new Promise((resolve) => reader.on('close', resolve));
    const closed = new Promise((resolve) => this.process.on('close', resolve));
    this.ended = Promise.all([read, closed]).then(() => {
      this.over = true;
      this.wake();
    });
  }

  /** All lines so far. */
  get said(): readonly string[] {
    return this.lines;
  }

  /** The first line that begins so, when it comes. */
  async line(beginning: string): Promise<string> {
    for (;;) {
      const found = this.lines.find((line) => line.startsWith(beginning));
      if (found !== undefined) return found;
      if (this.over) {
        throw new Error(`the child ended without "${beginning}":\n${this.stderr}`);
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** Sends it a line. */
  say(line: string): void {
    this.process.stdin!.write(`${line}\n`);
  }

  /** SIGKILL, and waits until it is gone. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  /** Waits until it ended by itself. */
  async end(): Promise<void> {
    await this.ended;
  }
}
