import { Command, Option } from 'commander';
import { type Application, type ApplicationOptions, startApplication } from '../app/application.ts';
import { LocalRun } from '../app/runner/in-this-process.ts';
import { type StatusSource, StatusWriter } from '../app/status/status-writer.ts';
import { systemClock } from '../app/system-clock.ts';
import type { Logger } from '../logger.ts';
import type { Console } from './console.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { explainFailure } from './failure.ts';
import { addLogOptions, loggingOf } from './log/log-options.ts';
import { openLogger } from './log/open-logger.ts';
import { runMany } from './run-many.ts';
import { applicationOptions, type RunOptions } from './run-options.ts';
import { addDataOptions, beginsFolder, settingsOf } from './settings.ts';
import { onSignal } from './signals.ts';
import { showCount } from './text-table.ts';
import { topologyFiles } from './topology-files.ts';
import { watchedState } from './watched-state.ts';

/** How often to look whether the end is reached, and to renew the status line, ms. */
const pollMs = 50;

type Ended = 'caught-up' | 'stopped' | 'failed';

/** `millrace run FILE…`: runs topologies until they are stopped. */
export function runCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addLogOptions(addDataOptions(new Command('run')))
    .description(
      'Run topologies until they are stopped: on the embedded log, or as members on Kafka.',
    )
    .argument('<files...>', 'topology files, or folders of them')
    .addOption(
      new Option('--sync <mode>', 'when commits are forced to the disk')
        .choices(['commit', 'interval', 'never'])
        .default(undefined, 'sync of the runner file, else commit'),
    )
    .option('--until-caught-up', 'stop when all input is processed and committed')
    .option('--isolate', 'each application in a process of its own')
    .option('--json', 'print what was done as one JSON object, in the end')
    .addHelpText(
      'after',
      '\nSIGINT (Ctrl-C) and SIGTERM commit what is completed and stop with exit code 0 (1 with\n' +
        '--until-caught-up: it has not); what was under way is read again at the next start. A\n' +
        'second one ends the process at once.\n\n' +
        'With --log kafka the same command, started again here or elsewhere, is one more member of the\n' +
        'group: tasks are shared among all of them.\n\n' +
        'Several applications, or one with --isolate, run each for itself: one that fails is started\n' +
        'again with back-off ("restart:" of the runner file) while the others go on, and stays "failed"\n' +
        'where only a change to its files or settings can help. When all have failed, or in the end,\n' +
        'the exit code is 1 (3: only the environment was at fault). A single one ends with its failure.\n' +
        'With --until-caught-up nothing is started again, and all must be caught up at one moment.\n\n' +
        'Example:\n  $ millrace run topology/orders/orders.yaml --data /var/lib/orders\n' +
        '  $ millrace run topology/orders --isolate --log-level warn',
    )
    .action(async (named: readonly string[], options: RunOptions) => {
      const signals = onSignal();
      try {
        const files = topologyFiles(named);
        const [only] = files;
        const single = files.length === 1 && options.isolate !== true;
        done(
          single && only !== undefined
            ? await runLogged(console, only, options, signals.signal)
            : await runMany(console, files, options, signals.signal),
        );
      } finally {
        signals.release();
      }
    });
}

/** Where log lines are asked for as JSON, there are no others: neither notes nor the failure. */
async function runLogged(
  console: Console,
  file: string,
  options: RunOptions,
  signal: AbortSignal,
): Promise<ExitCode> {
  const settings = settingsOf(options);
  const logging = loggingOf(options, settings.logging);
  const logger = await openLogger(console, logging);
  const context: RunContext = {
    console,
    logger,
    signal,
    note:
      logging.format === 'json'
        ? (text, named) => logger.log('info', text, { ...named, file })
        : undefined,
  };
  try {
    return await run(context, file, options);
  } catch (error) {
    if (context.note === undefined) throw error;
    const { text, exitCode } = explainFailure(error);
    logger.log('error', text.trim(), { file });
    return exitCode;
  }
}

interface RunContext {
  readonly console: Console;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Takes what is said to people, without a line break, and of whom; undefined: the console does. */
  readonly note: ((text: string, named?: { readonly application: string }) => void) | undefined;
}

async function run(context: RunContext, file: string, options: RunOptions): Promise<ExitCode> {
  const { console, logger, signal } = context;
  const note: NonNullable<RunContext['note']> =
    context.note ?? ((text) => console.note(`${text}\n`));
  const untilCaughtUp = options.untilCaughtUp === true;
  // A service that was stopped did what it was asked to; a job did not.
  const stopped = untilCaughtUp ? exitCodes.findings : exitCodes.fine;
  const settings = settingsOf(options);
  const begun = beginsFolder(settings);
  const application = await start(
    console,
    signal,
    applicationOptions(file, options, settings, logger),
  );
  if (application === undefined) {
    // The process ends now, in the middle of its start: as safe as a crash, and nothing has run.
    note('stopped while it was starting');
    return stopped;
  }
  const name = application.definition.application;
  const hint = console.watched ? '; Ctrl-C stops it' : '';
  const named = { application: name };
  note(
    `application "${name}" runs on ${settings.where}${begun ? ', a new data folder' : ''}${hint}`,
    named,
  );
  if (application.endpoint !== undefined) {
    note(`queries are answered at ${application.endpoint}`, named);
  }
  const running = new LocalRun(application);
  const { meter } = running;
  const status = openStatus(settings.data, file, running);
  const ended = await untilEnd(application, {
    signal,
    untilCaughtUp,
    ...(console.watched ? { poll: () => console.status(`${name}: ${meter.line()}`) } : {}),
  });
  try {
    await close(application);
  } finally {
    status.close(application.failure);
  }
  console.status('');
  const { records, deadLettered, commits } = meter.state();
  const seconds = Math.round(meter.elapsedMs) / 1000;
  const how = ended === 'caught-up' ? 'has caught up' : 'is stopped';
  const dead = deadLettered === 0 ? '' : `, ${showCount(deadLettered)} of them to the dead letters`;
  note(
    `application "${name}" ${how}: ${showCount(records)} records in ${seconds.toFixed(1)} s${dead}`,
    named,
  );
  if (options.json === true) {
    const summary = { application: name, ended, records, deadLettered, commits, seconds };
    await console.write(`${JSON.stringify(summary)}\n`);
  }
  return ended === 'stopped' ? stopped : exitCodes.fine;
}

/** Writes the status of an application that runs without a supervisor. */
function openStatus(
  data: string,
  file: string,
  running: LocalRun,
): { close(failure: unknown): void } {
  const source: { -readonly [K in keyof StatusSource]: StatusSource[K] } = {
    name: running.application,
    file,
    state: 'running',
    sinceMs: systemClock.now(),
    restarts: 0,
    nextStartMs: undefined,
    lastFailure: undefined,
    running,
  };
  const writer = new StatusWriter(data, [source], systemClock);
  writer.start();
  return {
    close(failure) {
      source.state = failure === undefined ? 'stopped' : 'failed';
      source.sinceMs = systemClock.now();
      source.running = undefined;
      if (failure !== undefined) source.lastFailure = { error: failure, atMs: source.sinceMs };
      writer.close();
    },
  };
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
