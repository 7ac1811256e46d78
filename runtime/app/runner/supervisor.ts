import type { Clock } from '../../../topology/core/clock.ts';
import { isStreamsError } from '../../../topology/core/errors.ts';
import type { Logger, LogLevel } from '../../logger.ts';
import { pause } from '../../pause.ts';
import type { LiveFigures } from './live-figures.ts';
import { type CompiledRestartOptions, isFinal, restartDelayMs } from './restart-policy.ts';
import { nextRunnerState, type RunnerState } from './runner-state.ts';
import type { Running, Startable } from './startable.ts';

/** What a supervisor needs beside what it starts. */
export interface SupervisorParts {
  readonly clock: Clock;
  /** Gives [0, 1), for the jitter of restarts. */
  readonly random: () => number;
  readonly logger: Logger;
  /** Undefined: what failed is not started again. */
  readonly restart: CompiledRestartOptions | undefined;
  /** Told after each change of state. */
  readonly changed: () => void;
}

/** A failure, and when it came. */
export interface PastFailure {
  readonly error: unknown;
  /** Wall clock, ms. */
  readonly atMs: number;
}

/** Keeps one application running: starts it, and starts it again with back-off when it has failed. Independent of all others. */
export class Supervisor {
  readonly startable: Startable;
  state: RunnerState = 'starting';
  /** Since when it is in this state. Wall clock, ms. */
  sinceMs: number;
  /** Set where {@link state} is `restarting`: when it starts again. Wall clock, ms. */
  nextStartMs: number | undefined;
  /** How often it was started again. */
  restarts = 0;
  /** Why it does not run; undefined where it does, or ended in order. */
  failure: unknown;
  /** The newest failure, also of a run before this one. */
  lastFailure: PastFailure | undefined;
  /** What all runs that are over have done. */
  totals: Pick<LiveFigures, 'records' | 'deadLettered' | 'commits'> = {
    records: 0,
    deadLettered: 0,
    commits: 0,
  };
  /** What runs; undefined while nothing does. */
  running: Running | undefined;
  /** Resolves when it has run, waits for a restart, or is over: the first start is behind it. */
  readonly started: Promise<void>;
  /** Resolves when it is over, by {@link close} or by a failure that is final. Never rejects. */
  readonly ended: Promise<void>;
  private readonly parts: SupervisorParts;
  private readonly abort = new AbortController();
  /** Failures in a row. */
  private failures = 0;
  private firstStart = (): void => {};

  constructor(startable: Startable, parts: SupervisorParts) {
    this.startable = startable;
    this.parts = parts;
    this.sinceMs = parts.clock.now();
    this.started = new Promise((resolve) => {
      this.firstStart = resolve;
    });
    this.ended = this.supervise();
  }

  get name(): string {
    return this.startable.name;
  }

  get file(): string {
    return this.startable.file;
  }

  /** Ends it in order, and for good. */
  close(): Promise<void> {
    this.abort.abort();
    return this.ended;
  }

  private async supervise(): Promise<void> {
    const { clock, restart, random } = this.parts;
    // The first start is not made inside of the constructor.
    await Promise.resolve();
    for (;;) {
      const failed = await this.once();
      if (failed === undefined) return this.to('stopped');
      this.failure = failed.error;
      this.lastFailure = { error: failed.error, atMs: clock.now() };
      if (restart === undefined || isFinal(failed.error)) {
        this.say('error', 'has failed, and is not started again', failed.error);
        return this.to('failed');
      }
      if (this.abort.signal.aborted) return this.to('stopped');
      const delayMs = restartDelayMs(restart, this.failures, random);
      this.nextStartMs = clock.now() + delayMs;
      const seconds = (delayMs / 1000).toFixed(1);
      this.say('error', `has failed, and is started again in ${seconds} s`, failed.error, {
        restarts: this.restarts,
        delayMs,
      });
      this.to('restarting');
      await pause(clock, delayMs, this.abort.signal);
      this.nextStartMs = undefined;
      if (this.abort.signal.aborted) return this.to('stopped');
      this.restarts++;
      this.to('starting');
    }
  }

  /** One run, from start to end. Undefined: it ended in order, as it was told to. */
  private async once(): Promise<{ readonly error: unknown } | undefined> {
    const { clock, restart } = this.parts;
    const { signal } = this.abort;
    let running: Running;
    if (signal.aborted) return undefined;
    try {
      running = await this.startable.start(signal);
    } catch (error) {
      // What was told to end before it ran did no harm.
      return signal.aborted ? undefined : this.failedWith(error);
    }
    this.running = running;
    const startedMs = clock.monotonic();
    if (!signal.aborted) {
      this.failure = undefined;
      this.to('running');
      const { pid, endpoint } = running;
      const fields = { application: this.name, process: pid, endpoint, restarts: this.restarts };
      this.parts.logger.log('info', `application "${this.name}" runs`, fields);
    }
    const failed = await Promise.race([
      running.failed.then((error) => ({ error })),
      aborted(signal),
    ]);
    let result = failed;
    try {
      await running.close();
    } catch (error) {
      // A failing close never hides the first error.
      result ??= { error };
    }
    this.addTotals(running.figures());
    this.running = undefined;
    if (clock.monotonic() - startedMs >= (restart?.healthyMs ?? 0)) this.failures = 0;
    return result === undefined ? undefined : this.failedWith(result.error);
  }

  private addTotals(figures: LiveFigures | undefined): void {
    if (figures === undefined) return;
    const { records, deadLettered, commits } = this.totals;
    this.totals = {
      records: records + figures.records,
      deadLettered: deadLettered + figures.deadLettered,
      commits: commits + figures.commits,
    };
  }

  private failedWith(error: unknown): { readonly error: unknown } {
    this.failures++;
    return { error };
  }

  private say(
    level: LogLevel,
    what: string,
    error: unknown,
    more: Readonly<Record<string, number>> = {},
  ): void {
    const code = isStreamsError(error) ? error.code : undefined;
    const place = isStreamsError(error) ? error.place : {};
    const why = error instanceof Error ? error.message : String(error);
    this.parts.logger.log(level, `application "${this.name}" ${what}: ${why}`, {
      application: this.name,
      file: this.file,
      code,
      task: place.taskId,
      stage: place.stage,
      topic: place.topic,
      partition: place.partition,
      offset: place.offset,
      ...more,
    });
  }

  private to(state: RunnerState): void {
    this.state = nextRunnerState(this.state, state);
    this.sinceMs = this.parts.clock.now();
    if (state !== 'starting') this.firstStart();
    this.parts.changed();
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
