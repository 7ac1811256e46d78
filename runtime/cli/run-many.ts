import { ApplicationRunner } from '../app/runner/application-runner.ts';
import { inThisProcess } from '../app/runner/in-this-process.ts';
import type { Supervisor } from '../app/runner/supervisor.ts';
import { StatusWriter } from '../app/status/status-writer.ts';
import { systemClock } from '../app/system-clock.ts';
import { pause } from '../pause.ts';
import type { Console } from './console.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { explainFailure, UsageError } from './failure.ts';
import { closeGraceMs } from './isolated/close-grace.ts';
import { inOwnProcess } from './isolated/in-own-process.ts';
import { loggingOf } from './log/log-options.ts';
import { openLogger } from './log/open-logger.ts';
import { applicationOptions, type RunOptions } from './run-options.ts';
import { settingsOf } from './settings.ts';

/** How often to look whether all are caught up, ms. */
const pollMs = 100;

/** Time for processes that are ended by force to be gone, ms. */
const killedMs = 2000;

/**
 * Runs several applications, or one in a process of its own, until they are stopped, caught up, or have all failed for good. All that it says are log lines.
 */
export async function runMany(
  console: Console,
  files: readonly string[],
  options: RunOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const untilCaughtUp = options.untilCaughtUp === true;
  const settings = settingsOf(options);
  if (files.length > 1 && (settings.queries?.port ?? 0) !== 0) {
    throw new UsageError(
      `queries.port is ${settings.queries?.port}, and ${files.length} applications cannot share it: ` +
        'leave it out, and each gets one of its own',
    );
  }
  const logger = await openLogger(console, loggingOf(options, settings.logging));
  const runner = new ApplicationRunner(
    files.map((file) =>
      options.isolate === true
        ? inOwnProcess(file, options)
        : inThisProcess(applicationOptions(file, options, settings, logger)),
    ),
    { logger, restart: untilCaughtUp ? false : (settings.restart ?? {}) },
  );
  const { supervisors } = runner;
  const status = new StatusWriter(settings.data, supervisors, systemClock);
  status.start();
  runner.onChange(() => status.write());
  const startedMs = systemClock.monotonic();
  const caughtUp = await untilEnd(runner, signal, untilCaughtUp);
  await close(runner);
  status.close();
  const seconds = Math.round(systemClock.monotonic() - startedMs) / 1000;
  const results = supervisors.map((it) => resultOf(it, caughtUp));
  for (const { application, ended, ...counts } of results) {
    const how = ended === 'caught-up' ? 'has caught up' : `is ${ended}`;
    logger.log('info', `application "${application}" ${how}`, { application, ...counts });
  }
  if (options.json === true) {
    await console.write(`${JSON.stringify({ applications: results, seconds })}\n`);
  }
  return exitCodeOf(supervisors, untilCaughtUp && !caughtUp);
}

/** Resolves when there is nothing left to do: true where all that go on have caught up. */
export async function untilEnd(
  runner: Pick<ApplicationRunner, 'ended' | 'caughtUp'>,
  signal: AbortSignal,
  untilCaughtUp: boolean,
): Promise<boolean> {
  const over = new AbortController();
  void runner.ended.then(() => over.abort());
  const either = AbortSignal.any([signal, over.signal]);
  // A process that hangs never says how far it is.
  const stopped = new Promise<false>((resolve) => {
    either.addEventListener('abort', () => resolve(false), { once: true });
  });
  while (!either.aborted) {
    if (untilCaughtUp && (await Promise.race([runner.caughtUp(), stopped]))) return true;
    await pause(systemClock, untilCaughtUp ? pollMs : 2 ** 31 - 1, either);
  }
  return false;
}

/** Ends all in order. What is still starting is left to the end of the process: as safe as a crash. */
async function close(runner: ApplicationRunner): Promise<void> {
  const started = runner.supervisors.filter(({ state }) => state !== 'starting');
  const closing = runner.close();
  const all = started.length === runner.supervisors.length;
  const cancel = new AbortController();
  await Promise.race([
    all ? closing : Promise.all(started.map((it) => it.ended)),
    pause(systemClock, closeGraceMs + killedMs, cancel.signal),
  ]);
  cancel.abort();
}

function resultOf(supervisor: Supervisor, caughtUp: boolean) {
  const { name, failure, totals, restarts } = supervisor;
  const ended = failure !== undefined ? 'failed' : caughtUp ? 'caught-up' : 'stopped';
  return { application: name, ended, restarts, ...totals };
}

/** 1 when one has failed, 3 when all that did were stopped by their environment; 1 for a job that was cut off. */
function exitCodeOf(supervisors: readonly Supervisor[], cutOff: boolean): ExitCode {
  const failed = supervisors.flatMap(({ failure }) =>
    failure === undefined ? [] : [explainFailure(failure).exitCode],
  );
  if (failed.length === 0) return cutOff ? exitCodes.findings : exitCodes.fine;
  return failed.every((code) => code === exitCodes.environment)
    ? exitCodes.environment
    : exitCodes.findings;
}
