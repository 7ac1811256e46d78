import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { spawnNode } from './java.ts';
import { isRunning, logEnd, untilStarted } from './started.ts';

/** How long a node may take to start or to stop, ms. */
const patienceMs = 60_000;

/** One node of a cluster: a process that can be stopped, killed, paused and started again on its data. */
export class BrokerNode {
  readonly id: number;
  /** What the node wrote, all starts in one file. */
  readonly logFile: string;
  /** Folder of the partitions' folders (`TOPIC-PARTITION/00000000000000000000.log`). */
  readonly data: string;
  readonly #properties: string;
  readonly #flags: readonly string[];
  readonly #version: string;
  #process: ChildProcess | undefined;

  constructor(options: {
    id: number;
    /** File of the node's properties. */
    properties: string;
    logFile: string;
    data: string;
    /** Flags of the virtual machine that come on top. */
    flags: readonly string[];
    /** Of Kafka. */
    version: string;
  }) {
    this.id = options.id;
    this.logFile = options.logFile;
    this.data = options.data;
    this.#properties = options.properties;
    this.#flags = options.flags;
    this.#version = options.version;
  }

  /** True while the process lives, paused or not. */
  get running(): boolean {
    const child = this.#process;
    return child !== undefined && isRunning(child);
  }

  /**
   * Starts the process, and waits until it serves clients.
   * @throws Error with the log's last lines where it ends or is late
   */
  async start(): Promise<void> {
    if (this.running) throw new Error(`node ${this.id} is running: stop or kill it first`);
    const { logFile } = this;
    const from = logEnd(logFile);
    const [properties, flags, version] = [this.#properties, this.#flags, this.#version];
    const child = await spawnNode({ properties, flags, logFile, version });
    this.#process = child;
    const [text, name] = ['Kafka Server started', `node ${this.id}`];
    await untilStarted({ child, logFile, from, text, name, patienceMs });
  }

  /** Ends the process in good order (SIGTERM), and waits for it. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends the process at once (SIGKILL), and waits for it. Its data stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Freezes the process (SIGSTOP): its connections stay open and silent. */
  pause(): void {
    this.#signal('SIGSTOP');
  }

  /** Lets a frozen process go on (SIGCONT). */
  resume(): void {
    this.#signal('SIGCONT');
  }

  /** The lines of the log that contain a text. */
  logLines(containing: string): string[] {
    const lines = readFileSync(this.logFile, 'utf8').split('\n');
    return lines.filter((line) => line.includes(containing));
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.running) throw new Error(`node ${this.id} is not running`);
    this.#process?.kill(signal);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (child === undefined || !this.running) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    await ended;
    clearTimeout(timer);
  }
}
