import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BehaviourSettings } from '../../processors/orders/provider/behaviour.ts';
import { behaviourArguments } from '../../processors/orders/provider/options.ts';

const script = fileURLToPath(new URL('../../processors/orders/provider/main.ts', import.meta.url));

/** The payment provider of a campaign: one address, whatever becomes of the process behind it. */
export class CampaignProvider {
  readonly #ledger: string;
  readonly #settings: BehaviourSettings;
  #port = 0;
  #process: ChildProcess | undefined;

  constructor(ledger: string, settings: BehaviourSettings) {
    this.#ledger = ledger;
    this.#settings = settings;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Starts it, again at the port of before. Resolves when it listens. */
  async start(): Promise<void> {
    await mkdir(dirname(this.#ledger), { recursive: true });
    const args = [script, '--ledger', this.#ledger, '--port', String(this.#port)];
    args.push('--idle-exit', '10m', ...behaviourArguments(this.#settings));
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const port = /^listening on (\d+)$/.exec(line)?.[1];
      if (port === undefined) continue;
      this.#port = Number(port);
      return;
    }
    throw new Error('the payment provider did not start');
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }
}
