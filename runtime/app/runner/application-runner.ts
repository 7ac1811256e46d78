import type { Clock } from '../../../topology/core/clock.ts';
import { seededRandom } from '../../../topology/core/random.ts';
import { lineLogger, type Logger } from '../../logger.ts';
import type { Application, ApplicationOptions } from '../application.ts';
import { systemClock } from '../system-clock.ts';
import { inThisProcess, LocalRun } from './in-this-process.ts';
import { compileRestartOptions, type RestartOptions } from './restart-policy.ts';
import type { Progress, Startable } from './startable.ts';
import { Supervisor } from './supervisor.ts';

export interface RunApplicationsOptions {
  /** Told of starts, failures and restarts, and of what the applications themselves have to say. @defaultValue lines on standard error */
  readonly logger?: Logger;
  /** When what failed is started again; false: never, as for a job. @defaultValue after 1 s, then 2 s, … 1 min */
  readonly restart?: RestartOptions | false;
  /** Of restarts. @defaultValue the machine's */
  readonly clock?: Clock;
  /** Seeds the jitter of restarts. @defaultValue from the clock */
  readonly seed?: number;
}

/**
 * Several applications that run beside each other, each of which fails, and comes back, alone.
 */
export class ApplicationRunner {
  readonly supervisors: readonly Supervisor[];
  /** Resolves when each has been started once, whatever became of it. */
  readonly started: Promise<void>;
  /** Resolves when none runs, nor will again by itself. */
  readonly ended: Promise<void>;
  private readonly listeners = new Set<() => void>();

  /** @throws {ConfigError} OPTION_DURATION */
  constructor(startables: readonly Startable[], options: RunApplicationsOptions = {}) {
    const { clock = systemClock, restart = {} } = options;
    const compiled = restart === false ? undefined : compileRestartOptions(restart);
    const logger =
      options.logger ?? lineLogger((line) => process.stderr.write(`millrace: ${line}\n`));
    const random = seededRandom(options.seed ?? clock.now());
    const changed = (): void => {
      for (const listener of this.listeners) listener();
    };
    this.supervisors = startables.map(
      (startable) =>
        new Supervisor(startable, { clock, random, logger, restart: compiled, changed }),
    );
    this.started = settled(this.supervisors.map((it) => it.started));
    this.ended = settled(this.supervisors.map((it) => it.ended));
  }

  /** A running application of this process, by name; another one after each restart. Undefined while it does not run. */
  application(name: string): Application | undefined {
    const running = this.supervisors.find((it) => it.name === name)?.running;
    return running instanceof LocalRun ? running.local : undefined;
  }

  /** Calls `listener` after each change of state. Returns what ends that. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * True when all that have not failed for good are caught up together: no input was left to any of them, at one moment, though some are fed by others. False
   * while one is starting or waits for a restart, and when none is left.
   */
  async caughtUp(): Promise<boolean> {
    const alive = this.supervisors.filter((it) => it.state !== 'failed' && it.state !== 'stopped');
    if (alive.length === 0) return false;
    const before = await progressOf(alive);
    if (before === undefined) return false;
    const after = await progressOf(alive);
    // Whoever committed nothing between two answers wrote nothing either: all answers hold at the moment between the two rounds.
    return after !== undefined && after.every((it, i) => it.commits === before[i]?.commits);
  }

  /** Ends all of them in order, each whatever becomes of the others. */
  async close(): Promise<void> {
    await Promise.all(this.supervisors.map((it) => it.close()));
  }
}

/**
 * Runs several applications in this process, each independent of the others: one that fails is started again with back-off (doubling, jittered, from the
 * beginning after a healthy time); one whose configuration is wrong stays `failed`. What ends the process (an exception in a timer of a processor, memory that runs
 * out) ends all of them: `millrace run --isolate` gives each a process of its own.
 * @throws {ConfigError} OPTION_DURATION
 */
export function runApplications(
  applications: readonly ApplicationOptions[],
  options: RunApplicationsOptions = {},
): ApplicationRunner {
  const { logger } = options;
  return new ApplicationRunner(
    applications.map((it) => inThisProcess(logger === undefined ? it : { logger, ...it })),
    options,
  );
}

/** What each says; undefined where one is not caught up, or does not run. */
async function progressOf(
  supervisors: readonly Supervisor[],
): Promise<readonly Progress[] | undefined> {
  const all: Progress[] = [];
  for (const { running, state } of supervisors) {
    if (running === undefined || state !== 'running') return undefined;
    const progress = await running.progress();
    if (!progress.caughtUp) return undefined;
    all.push(progress);
  }
  return all;
}

async function settled(all: readonly Promise<void>[]): Promise<void> {
  await Promise.all(all);
}
