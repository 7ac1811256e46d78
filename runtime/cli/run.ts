import { Command, Option } from 'commander';
import { type Application, type ApplicationOptions, startApplication } from '../app/application.ts';
import { RunMeter } from '../app/runner/run-meter.ts';
import { httpCallsOf } from '../app/runner-file-calls.ts';
import { systemClock } from '../app/system-clock.ts';
import type { SyncMode } from '../embedded/durability.ts';
import type { Console } from './console.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { addDataOptions, type DataOptions, dataOptionWords, settingsOf } from './settings.ts';
import { onSignal } from './signals.ts';
import { showCount } from './text-table.ts';
import { watchedState } from './watched-state.ts';

interface RunOptions extends DataOptions {
  readonly sync?: SyncMode;
  readonly untilCaughtUp?: true;
  readonly json?: true;
}

/** How often to look whether the end is reached, and to renew the status line, ms. */
const pollMs = 50;

type Ended = 'caught-up' | 'stopped' | 'failed';

/** `millrace run FILE`: runs a topology until it is stopped. */
export function runCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addDataOptions(new Command('run'))
    .description(
      'Run a topology until it is stopped: on the embedded log, or as a member on Kafka.',
    )
    .argument('<file>', 'topology file')
    .addOption(
      new Option('--sync <mode>', 'when commits are forced to the disk')
        .choices(['commit', 'interval', 'never'])
        .default(undefined, 'sync of the runner file, else commit'),
    )
    .option('--until-caught-up', 'stop when all input is processed and committed')
    .option('--json', 'print what was done as one JSON object, in the end')
    .addHelpText(
      'after',
      '\nSIGINT (Ctrl-C) and SIGTERM commit what is completed and stop with exit code 0 (1 with\n' +
        '--until-caught-up: it has not); what was under way is read again at the next start. A\n' +
        'second one ends the process at once.\n\n' +
        'With --log kafka the same command, started again here or elsewhere, is one more member of the\n' +
        'group: tasks are shared among all of them.\n\n' +
        'Example:\n  $ millrace run topology/orders/orders.yaml --data /var/lib/orders',
    )
    .action(async (file: string, options: RunOptions) => {
      const signals = onSignal();
      try {
        done(await run(console, file, options, signals.signal));
      } finally {
        signals.release();
      }
    });
}

async function run(
  console: Console,
  file: string,
  options: RunOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const untilCaughtUp = options.untilCaughtUp === true;
  // A service that was stopped did what it was asked to; a job did not.
  const stopped = untilCaughtUp ? exitCodes.findings : exitCodes.fine;
  const settings = settingsOf(options);
  const { choice, where } = settings;
  const sync = options.sync ?? settings.sync;
  const application = await start(console, signal, {
    topology: file,
    data: settings.data,
    options: settings.options,
    commandOptions: dataOptionWords(options),
    report: (message) => console.note(`${message}\n`),
    ...(sync === undefined ? {} : { sync }),
    ...(choice.kafka === undefined ? {} : { kafka: choice.kafka }),
    ...(settings.queries === undefined ? {} : { queries: settings.queries }),
    ...(settings.calls === undefined
      ? {}
      : { calls: httpCallsOf(settings.calls, settings.folder) }),
  });
  if (application === undefined) {
    // The process ends now, in the middle of its start: as safe as a crash, and nothing has run.
    console.note('stopped while it was starting\n');
    return stopped;
  }
  const name = application.definition.application;
  const hint = console.watched ? '; Ctrl-C stops it' : '';
  console.note(`application "${name}" runs on ${where}${hint}\n`);
  if (application.endpoint !== undefined) {
    console.note(`queries are answered at ${application.endpoint}\n`);
  }
  const meter = new RunMeter(application, systemClock);
  const ended = await untilEnd(application, {
    signal,
    untilCaughtUp,
    ...(console.watched ? { poll: () => console.status(`${name}: ${meter.line()}`) } : {}),
  });
  await close(application);
  console.status('');
  const { records, deadLettered, commits } = meter.state();
  const seconds = Math.round(meter.elapsedMs) / 1000;
  console.note(
    `application "${name}" ${ended === 'caught-up' ? 'has caught up' : 'is stopped'}: ` +
      `${showCount(records)} records in ${seconds.toFixed(1)} s` +
      `${deadLettered === 0 ? '' : `, ${showCount(deadLettered)} of them to the dead letters`}\n`,
  );
  if (options.json === true) {
    const summary = { application: name, ended, records, deadLettered, commits, seconds };
    await console.write(`${JSON.stringify(summary)}\n`);
  }
  return ended === 'stopped' ? stopped : exitCodes.fine;
}

/** Starts the application; undefined if the signal came first. */
async function start(
  console: Console,
  signal: AbortSignal,
  options: ApplicationOptions,
): Promise<Application | undefined> {
  let starting = true;
  let restored = 0;
  const restoring = (store: string, rows: number): void => {
    if (!starting) return;
    restored += rows;
    console.status(`restoring store "${store}": ${showCount(restored)} rows so far`);
  };
  console.status('starting');
  const wrap: ApplicationOptions['wrap'] = (ports) => ({
    ...ports,
    state: watchedState(ports.state, restoring),
  });
  const started = startApplication(console.watched ? { ...options, wrap } : options);
  // It may fail when the signal has ended the race already.
  started.catch(() => {});
  try {
    return await Promise.race([started, aborted(signal)]);
  } finally {
    starting = false;
    console.status('');
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined));
  });
}

/**
 * Resolves with why the run is over: it failed, the signal came, or there is nothing left to do.
 */
async function untilEnd(
  application: Application,
  options: {
    readonly signal: AbortSignal;
    readonly untilCaughtUp: boolean;
    readonly poll?: () => void;
  },
): Promise<Ended> {
  const { signal, untilCaughtUp, poll } = options;
  let wake = (): void => {};
  signal.addEventListener('abort', () => wake());
  void application.stopped.then(() => wake());
  const polls = untilCaughtUp || poll !== undefined;
  for (;;) {
    if (application.failure !== undefined) return 'failed';
    if (signal.aborted) return 'stopped';
    if (untilCaughtUp && (await application.caughtUp())) return 'caught-up';
    poll?.();
    await new Promise<void>((resolve) => {
      const cancel = polls ? systemClock.after(pollMs, resolve) : (): void => {};
      wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Ends the application. @throws what made it fail, otherwise what failed in closing it */
async function close(application: Application): Promise<void> {
  try {
    await application.close();
  } catch (error) {
    if (application.failure === undefined) throw error;
  }
  if (application.failure !== undefined) throw application.failure;
}
