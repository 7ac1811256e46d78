/*
 * A child process of `millrace run --isolate`: one application, watched and told when to end by its runner.
 */
import { Worker } from 'node:worker_threads';
import { isStreamsError } from '../../../topology/core/errors.ts';
import { startApplication } from '../../app/application.ts';
import { LocalRun } from '../../app/runner/in-this-process.ts';
import { isFinal } from '../../app/runner/restart-policy.ts';
import { statusEveryMs } from '../../app/status/status-writer.ts';
import { systemClock } from '../../app/system-clock.ts';
import { growHeapWithNeed } from '../../heap.ts';
import { Console } from '../console.ts';
import { explainFailure } from '../failure.ts';
import { loggingOf } from '../log/log-options.ts';
import { openLogger } from '../log/open-logger.ts';
import { applicationOptions } from '../run-options.ts';
import { settingsOf } from '../settings.ts';
import { closeGraceMs } from './close-grace.ts';
import type { ChildOrder, ChildWord, RunnerWord } from './messages.ts';
import { siblingFile } from './sibling-file.ts';

growHeapWithNeed();
new Worker(siblingFile(import.meta.url, 'orphan-watch'), { workerData: process.ppid }).unref();

const stop = new AbortController();
// Ctrl-C reaches all processes of a terminal: the runner tells its children what it means.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => stop.abort());
process.on('disconnect', () => stop.abort());
stop.signal.addEventListener('abort', () => {
  systemClock.after(closeGraceMs, () => process.exit(1));
});

try {
  await run(JSON.parse(process.argv[2] ?? '') as ChildOrder);
} catch (error) {
  await tell(failureWord(error));
  process.exit(1);
}
process.exit(0);

async function run({ file, options }: ChildOrder): Promise<void> {
  const { stdout: out, stderr: err, stdin: input } = process;
  const settings = settingsOf(options);
  const console = new Console({ out, err, input });
  const logger = await openLogger(console, loggingOf(options, settings.logging));
  let asked: LocalRun | undefined;
  process.on('message', (word: RunnerWord) => {
    if (word === 'stop') stop.abort();
    else void asked?.progress().then((progress) => tell({ say: 'progress', progress }));
  });
  const running = new LocalRun(
    await startApplication(applicationOptions(file, options, settings, logger)),
  );
  asked = running;
  const { application, endpoint } = running;
  await tell({ say: 'running', application, ...(endpoint === undefined ? {} : { endpoint }) });
  let cancel = (): void => {};
  const figures = (): void => {
    void tell({ say: 'figures', figures: running.figures() });
    cancel = systemClock.after(statusEveryMs, figures);
  };
  figures();
  const failed = await Promise.race([running.failed.then((error) => ({ error })), stopped()]);
  cancel();
  try {
    await running.close();
  } catch (error) {
    // A failing close never hides the first error.
    if (failed === undefined) throw error;
  }
  await tell({ say: 'figures', figures: running.figures() });
  if (failed !== undefined) throw failed.error;
}

function stopped(): Promise<undefined> {
  return new Promise((resolve) => {
    if (stop.signal.aborted) resolve(undefined);
    stop.signal.addEventListener('abort', () => resolve(undefined));
  });
}

/** Resolves when the runner has it, or cannot be told any more. */
function tell(word: ChildWord): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected) resolve();
    else process.send?.(word, undefined, undefined, () => resolve());
  });
}

function failureWord(error: unknown): ChildWord {
  const { text, exitCode } = explainFailure(error);
  return {
    say: 'failed',
    code: isStreamsError(error) ? error.code : 'UNEXPECTED',
    message: error instanceof Error ? error.message : String(error),
    text,
    exitCode,
    final: isFinal(error),
    place: isStreamsError(error) ? error.place : {},
  };
}
