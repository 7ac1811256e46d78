import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { OwnStep } from './calls/call-steps.ts';
import type { RunnerSettings, RunnerWord, SuicidePoint } from './child/settings.ts';

const script = fileURLToPath(new URL('child/runner.ts', import.meta.url));
/** A life that neither ends nor is killed in this time hangs, ms. */
const longestLifeMs = 120_000;

/** When a runner is killed. One that has nothing left to do is killed at once. */
export type KillPlan =
  /** So long after its process was made: in the middle of its start, or later. */
  | { readonly kind: 'after-spawn'; readonly ms: number }
  /** So long after everything was restored. */
  | { readonly kind: 'after-ready'; readonly ms: number }
  /** So long after the so-manieth transaction of the loader or the tasks. */
  | {
      readonly kind: 'after-word';
      readonly word: 'loaded' | 'committed';
      readonly at: number;
      readonly ms: number;
    }
  /** By itself, at the point. */
  | { readonly kind: 'suicide'; readonly point: SuicidePoint; readonly at: number }
  /** By itself, at the step of a call. */
  | { readonly kind: 'call'; readonly step: OwnStep; readonly at: number };

/** How a runner ended. */
export interface LifeEnd {
  /** From the making of the process until it was restored and ran, ms; undefined: it did not come so far. */
  readonly readyAfterMs: number | undefined;
  /** Calls that it issued again. */
  readonly calls: number;
  readonly killed: boolean;
  /** It was killed when it had nothing left to do. */
  readonly idle: boolean;
  /** Idempotency keys of the calls at whose step it killed itself. */
  readonly struck: readonly string[];
  /** Baskets that were loaded when it last said so; 0: it loaded none. */
  readonly loaded: number;
  readonly reports: readonly string[];
  /** Its last word, where it came to its end. */
  readonly done: Extract<RunnerWord, { say: 'done' }> | undefined;
}

/**
 * Runs a runner until it is killed as planned or by `kill`, or to its end without either.
 * @throws {Error} when it stops by itself, with its own words
 */
export function live(
  settings: RunnerSettings,
  plan: KillPlan | undefined,
  kill?: AbortSignal,
): Promise<LifeEnd> {
  const suicide = plan?.kind === 'suicide' ? { point: plan.point, at: plan.at } : undefined;
  const callSuicide = plan?.kind === 'call' ? { step: plan.step, at: plan.at } : undefined;
  const text = JSON.stringify({ ...settings, suicide, callSuicide });
  const { compiled } = settings;
  const child = spawn(process.execPath, [script, text], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(compiled === undefined ? {} : { env: { ...process.env, NODE_COMPILE_CACHE: compiled } }),
  });
  kill?.addEventListener('abort', () => child.kill('SIGKILL'));
  return new Life(child, plan).end;
}

class Life {
  readonly end: Promise<LifeEnd>;
  readonly #child: ChildProcess;
  readonly #plan: KillPlan | undefined;
  readonly #startedMs = performance.now();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #reports: string[] = [];
  #readyAfterMs: number | undefined;
  #calls = 0;
  #idle = false;
  #words = 0;
  #struck: readonly string[] = [];
  #loaded = 0;
  #failure: string | undefined;
  #done: LifeEnd['done'];

  constructor(child: ChildProcess, plan: KillPlan | undefined) {
    this.#child = child;
    this.#plan = plan;
    if (plan?.kind === 'after-spawn') this.#killAfter(plan.ms);
    this.#timers.push(
      setTimeout(() => {
        this.#failure = `no end within ${longestLifeMs} ms`;
        child.kill('SIGKILL');
      }, longestLifeMs),
    );
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.#hear(JSON.parse(line) as RunnerWord);
      });
    }
    this.end = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        for (const timer of this.#timers) clearTimeout(timer);
        if (this.#failure !== undefined) reject(new Error(`the runner: ${this.#failure}`));
        else if (signal === null && this.#done === undefined) {
          reject(new Error(`the runner ended with code ${code}`));
        } else resolve(this.#result(signal === 'SIGKILL'));
      });
    });
  }

  #result(killed: boolean): LifeEnd {
    return {
      readyAfterMs: this.#readyAfterMs,
      calls: this.#calls,
      killed,
      idle: this.#idle,
      struck: this.#struck,
      loaded: this.#loaded,
      reports: this.#reports,
      done: this.#done,
    };
  }

  #hear(word: RunnerWord): void {
    const plan = this.#plan;
    switch (word.say) {
      case 'ready':
        this.#readyAfterMs = performance.now() - this.#startedMs;
        this.#calls = word.calls;
        if (plan?.kind === 'after-ready') this.#killAfter(plan.ms);
        break;
      case 'loaded':
      case 'committed':
        if (word.say === 'loaded') this.#loaded = word.baskets;
        if (plan?.kind !== 'after-word' || plan.word !== word.say) break;
        this.#words += 1;
        if (this.#words === plan.at) this.#killAfter(plan.ms);
        break;
      case 'struck':
        this.#struck = word.keys;
        break;
      case 'idle':
        this.#idle = true;
        this.#child.kill('SIGKILL');
        break;
      case 'report':
        this.#reports.push(word.message);
        break;
      case 'done':
        this.#done = word;
        break;
      case 'failed':
        this.#failure = word.message;
        break;
    }
  }

  #killAfter(ms: number): void {
    this.#timers.push(setTimeout(() => this.#child.kill('SIGKILL'), ms));
  }
}
