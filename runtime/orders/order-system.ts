import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { isStreamsError } from '../../topology/core/errors.ts';
import { startApplication } from '../app/application.ts';
import type { Application } from '../app/application.ts';
import { failureLine } from '../app/failure-line.ts';
import { type RunPlace, runPlace } from '../app/run-place.ts';
import { growHeapWithNeed } from '../heap.ts';
import { ProgressLine } from './progress.ts';
import { startProvider } from './provider-process.ts';
import { runOrders } from './run-orders.ts';
import type { RunProgress } from './run-orders.ts';
import { parseStartOptions } from './start-options.ts';
import type { StartOptions } from './start-options.ts';
import { conservationHolds, ledgerHolds, summaryJson, summaryText } from './summary.ts';
import type { SummaryInput } from './summary.ts';

/*
 * `npm start`: runs the order system on a file of baskets and prints what became of them.
 * Exit codes: 0 the books add up, 1 they do not, 2 wrong usage, 3 something cannot be used as it is; 130 and 143 interrupted, to be gone on with.
 */
const topology = fileURLToPath(new URL('../../topology/orders/orders.yaml', import.meta.url));
/** Nothing listens there: calls that a crash left in the journal are refused, and made again when the provider is up. */
const nowhere = 'http://127.0.0.1:1';
/** Many times what the stage `charge` has in flight; more would only wait in memory. */
const maxOpenCalls = 1000;
/** An order meets most rows of the stock once: LMDB serves them as fast as a large cache does. */
const storeCacheBytes = 16 * 1024 * 1024;
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;
const redrawMs = 200;

growHeapWithNeed();
const line = new ProgressLine(process.stderr);
try {
  process.exitCode = await start(parseStartOptions(process.argv.slice(2)));
} catch (error) {
  line.clear();
  process.exitCode = explain(error);
}

async function start(options: StartOptions): Promise<number> {
  const interrupt = new AbortController();
  let interrupted = 0;
  for (const [signal, code] of Object.entries(signalCodes)) {
    process.once(signal, () => {
      interrupted = code;
      interrupt.abort();
    });
  }
  process.env['PAYMENTS_URL'] = options.payments ?? nowhere;
  const place = runPlace(options.place, process.env);
  if (options.place.brokers !== undefined && place.choice.kafka === undefined) {
    process.stderr.write('error: --brokers names a Kafka cluster: add --log kafka\n');
    return 2;
  }
  const application = await startApplication({
    topology,
    data: place.data,
    ...(place.choice.kafka === undefined ? {} : { kafka: place.choice.kafka }),
    sync: options.sync ?? place.sync ?? 'commit',
    seed: options.seed,
    options: { 'max-open-calls': maxOpenCalls, 'store-cache': storeCacheBytes, ...place.options },
    ...(place.queries === undefined ? {} : { queries: place.queries }),
    report: (message) => {
      line.clear();
      process.stderr.write(`millrace: ${message}\n`);
    },
  });
  let summary: SummaryInput | undefined;
  try {
    summary = await runWithProvider(application, { ...options, place }, interrupt.signal);
  } finally {
    await application.close();
  }
  line.clear();
  if (summary !== undefined) return print(summary, options.json);
  process.stderr.write('interrupted: what is committed stays; start again to go on\n');
  return interrupted;
}

/** Options, with what the runner file says of where it runs. */
interface PlacedOptions extends Omit<StartOptions, 'place'> {
  readonly place: RunPlace;
}

async function runWithProvider(
  application: Application,
  options: PlacedOptions,
  signal: AbortSignal,
): Promise<SummaryInput | undefined> {
  const ledger = join(options.place.data, 'provider', 'ledger.jsonl');
  const provider =
    options.payments === undefined ? await startProvider(ledger, options.behaviour) : undefined;
  try {
    const payments = provider?.url ?? options.payments ?? nowhere;
    process.env['PAYMENTS_URL'] = payments;
    return await runOrders(application, {
      ...options,
      data: options.place.where,
      payments,
      signal,
      monotonic: () => performance.now(),
      progress: throttled((state) => line.show(progressText(state))),
    });
  } finally {
    await provider?.stop();
  }
}

function throttled(show: (state: RunProgress) => void): (state: RunProgress) => void {
  let next = 0;
  return (state) => {
    const now = performance.now();
    if (now < next) return;
    next = now + redrawMs;
    show(state);
  };
}

function progressText({ deliveries, baskets, ended }: RunProgress): string {
  const number = (value: number): string => value.toLocaleString('en-US');
  return `${number(deliveries)} deliveries, ${number(baskets)} orders placed, ${number(ended)} done`;
}

function print(summary: SummaryInput, json: boolean): number {
  const text = json ? `${JSON.stringify(summaryJson(summary))}\n` : summaryText(summary);
  process.stdout.write(text);
  const { tally, ledger } = summary;
  return conservationHolds(tally) && ledgerHolds(tally, ledger) ? 0 : 1;
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!isStreamsError(error)) throw error;
  process.stderr.write(failureLine(error));
  return 3;
}
