import { Command } from 'commander';
import { controlTopic } from '../../topology/core/names.ts';
import { loggedStatus } from '../app/status/application-status.ts';
import { readStatus } from '../app/status/status-files.ts';
import { systemClock } from '../app/system-clock.ts';
import type { Log } from '../ports.ts';
import { pause } from '../pause.ts';
import { applicationNamed } from './application-name.ts';
import type { Console } from './console.ts';
import { UsageError } from './failure.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from './settings.ts';
import { onSignal } from './signals.ts';
import { type StatusOf, statusJson, statusText } from './status-text.ts';

interface StatusOptions extends DataOptions {
  readonly watch?: true;
  readonly json?: true;
}

/** How often `--watch` looks, ms. */
const watchEveryMs = 1000;

/** `millrace status`: what the applications of a log are doing. */
export function statusCommand(console: Console): Command {
  return addDataOptions(new Command('status'))
    .description('Show what each application does: state, lag, throughput, dead letters.')
    .argument('[applications...]', 'their names, or topology files; all of the log without one')
    .option('--watch', 'show it again every second, until Ctrl-C')
    .option('--json', 'print it as JSON; with --watch one line each time')
    .addHelpText(
      'after',
      '\nLag, records and dead letters come from the log, of all members, whether they run or not. State,\n' +
        'throughput, restores and calls come from runners on this data folder, which write them down\n' +
        'every second; one that has not for 10 s is shown as silent. On Kafka, ask each data folder for\n' +
        'its own members.\n\n' +
        'Example:\n  $ millrace status --data .millrace/data --watch',
    )
    .action(async (named: readonly string[], options: StatusOptions) => {
      const names = named.map(applicationNamed);
      if (options.watch !== true) {
        const all = await withLog(settingsOf(options), ({ log }) => look(log, names, options));
        return show(console, all, options);
      }
      const signals = onSignal();
      try {
        await withLog(settingsOf(options), async ({ log }) => {
          while (!signals.signal.aborted) {
            await show(console, await look(log, names, options), options);
            await pause(systemClock, watchEveryMs, signals.signal);
          }
        });
      } finally {
        signals.release();
      }
    });
}

async function look(
  log: Log,
  names: readonly string[],
  options: StatusOptions,
): Promise<readonly StatusOf[]> {
  const seen = readStatus(settingsOf(options).data, systemClock.now());
  const known = [...new Set([...(await ranOn(log)), ...seen.keys()])].sort();
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new UsageError(
      `application "${name}" is not on this log; ${known.length === 0 ? 'none is' : `it has ${known.join(', ')}`}`,
    );
  }
  const all: StatusOf[] = [];
  for (const application of names.length === 0 ? known : names) {
    const logged = await loggedStatus(log, application);
    all.push({ application, logged, seen: seen.get(application) ?? [] });
  }
  return all;
}

/** Applications that have a control topic: other groups of a cluster are somebody else's. */
async function ranOn(log: Log): Promise<readonly string[]> {
  const suffix = controlTopic('');
  const topics = await log.admin.list();
  return topics.flatMap(({ name }) => (name.endsWith(suffix) ? name.slice(0, -suffix.length) : []));
}

async function show(
  console: Console,
  all: readonly StatusOf[],
  { json, watch }: StatusOptions,
): Promise<void> {
  const nowMs = systemClock.now();
  if (json === true) {
    const text = JSON.stringify(
      all.map((it) => statusJson(it)),
      null,
      watch === true ? undefined : 2,
    );
    return console.write(`${text}\n`);
  }
  // Where a person watches, what was shown is written over; elsewhere times tell one look from another.
  const head =
    watch !== true
      ? ''
      : console.watched
        ? '\u001B[H\u001B[J'
        : `${new Date(nowMs).toISOString()}\n`;
  return console.write(`${head}${statusText(all, nowMs)}`);
}
