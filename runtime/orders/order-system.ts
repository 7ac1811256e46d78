import { join } from 'node:path';
import { CommanderError } from 'commander';
import { isStreamsError } from '../../topology/core/errors.ts';
import { startApplication } from '../app/application.ts';
import type { Application } from '../app/application.ts';
import { failureLine } from '../app/failure-line.ts';
import { type RunPlace, runPlace } from '../app/run-place.ts';
import { systemClock } from '../app/system-clock.ts';
import { openEmbeddedLog } from '../embedded/embedded-log.ts';
import { growHeapWithNeed } from '../heap.ts';
import type { Logger } from '../logger.ts';
import { startMailServer } from './mail-server-process.ts';
import { loadProducts } from './products-loader.ts';
import { ProgressLine } from './progress.ts';
import { startProvider } from './provider-process.ts';
import { runOrders } from './run-orders.ts';
import type { Besides, RunProgress } from './run-orders.ts';
import { ordersFile, serviceFiles } from './service-files.ts';
import { Services } from './services-beside.ts';
import type { ServicesOptions } from './services-beside.ts';
import { openShopSerdes } from './shop-serdes.ts';
import { parseStartOptions } from './start-options.ts';
import type { StartOptions } from './start-options.ts';
import { allHolds, summaryJson, summaryText } from './summary.ts';
import type { SummaryInput } from './summary.ts';

/*
 * `npm start`: runs the order system, all of its services, on a file of baskets and prints what became of them.
 * Exit codes: 0 the books add up, 1 they do not, 2 wrong usage, 3 something cannot be used as it is; 130 and 143 interrupted, to be gone on with.
 */
/** Nothing listens there: for a start that is about to be refused. */
const nowhere = 'http://127.0.0.1:1';
/** Many times what the stage `charge` has in flight; more would only wait in memory. */
const maxOpenCalls = 1000;
/** An order meets most rows of the stock once: LMDB serves them as fast as a large cache does. */
const storeCacheBytes = 16 * 1024 * 1024;
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;
const redrawMs = 200;

growHeapWithNeed();
const line = new ProgressLine(process.stderr);
/** That an application runs is no news here; everything else is. */
const logger: Logger = {
  log: (level, message) => {
    if (level === 'debug' || /^application "[^"]*" runs$/.test(message)) return;
    line.clear();
    process.stderr.write(`millrace: ${message}\n`);
  },
};
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
  const place = runPlace(options.place, process.env);
  if (options.place.brokers !== undefined && place.choice.kafka === undefined) {
    process.stderr.write('error: --brokers names a Kafka cluster: add --log kafka\n');
    return 2;
  }
  const summary = await runWithProvider({ ...options, place }, interrupt.signal);
  line.clear();
  if (summary !== undefined) return print(summary, options.json);
  process.stderr.write('interrupted: what is committed stays; start again to go on\n');
  return interrupted;
}

/** Options, with what the runner file says of where it runs. */
interface PlacedOptions extends Omit<StartOptions, 'place'> {
  readonly place: RunPlace;
}

/** The provider is there first: calls that a crash left in the journal are made at once. */
async function runWithProvider(
  options: PlacedOptions,
  signal: AbortSignal,
): Promise<SummaryInput | undefined> {
  const ledger = join(options.place.data, 'provider', 'ledger.jsonl');
  // While another process has the folder, its provider is left alone; to start says what is wrong.
  const provider =
    options.payments === undefined && !(await isOwned(options.place))
      ? await startProvider(ledger, options.behaviour)
      : undefined;
  const payments = provider?.url ?? options.payments ?? nowhere;
  process.env['PAYMENTS_URL'] = payments;
  try {
    return await runOrdersWith({ ...options, payments, signal });
  } finally {
    await provider?.stop();
  }
}

/** True while a process runs `orders` on the embedded log of the folder. */
async function isOwned({ choice, data }: RunPlace): Promise<boolean> {
  if (choice.kafka !== undefined) return false;
  try {
    const log = await openEmbeddedLog({ folder: data, clock: systemClock, create: false });
    try {
      return log.owner('orders') !== undefined;
    } finally {
      await log.close();
    }
  } catch (error) {
    // A folder that is not there yet has no owner; what is wrong with another, to start says.
    if (isStreamsError(error)) return false;
    throw error;
  }
}

interface RunningOptions extends PlacedOptions {
  readonly payments: string;
  readonly signal: AbortSignal;
}

async function runOrdersWith(options: RunningOptions): Promise<SummaryInput | undefined> {
  const { place, sync, seed } = options;
  const common = {
    data: place.data,
    ...(place.choice.kafka === undefined ? {} : { kafka: place.choice.kafka }),
    ...(place.choice.registry === undefined ? {} : { registry: place.choice.registry }),
    sync: sync ?? place.sync ?? 'commit',
    seed,
    options: { 'max-open-calls': maxOpenCalls, 'store-cache': storeCacheBytes, ...place.options },
  };
  const queries = place.queries === undefined ? {} : { queries: place.queries };
  const topology = ordersFile;
  const application = await startApplication({ ...common, topology, ...queries, logger });
  try {
    return await runWithServices(application, common, options);
  } finally {
    await application.close();
  }
}

async function runWithServices(
  orders: Application,
  application: ServicesOptions['application'],
  options: RunningOptions,
): Promise<SummaryInput | undefined> {
  const mailBook =
    options.smtp === undefined ? join(options.place.data, 'mail', 'mails.jsonl') : undefined;
  const mail = mailBook === undefined ? undefined : await startMailServer(mailBook);
  process.env['SMTP_URL'] = mail?.url ?? options.smtp;
  try {
    const { log } = orders;
    const serdes = await openShopSerdes(orders.registry);
    // Before `analytics` starts: what it has not seen has no department.
    await loadProducts(log, serdes, options.orders);
    const picks = { seed: options.seed, share: options.pickShare };
    const files = serviceFiles();
    const parts = { files, application, logger, log, serdes, picks, mailBook };
    const services = await Services.start(parts);
    try {
      return await run(orders, options, services);
    } finally {
      await services.close();
    }
  } finally {
    await mail?.stop();
  }
}

function run(
  application: Application,
  options: RunningOptions,
  besides: Besides,
): Promise<SummaryInput | undefined> {
  return runOrders(application, {
    ...options,
    data: options.place.where,
    besides,
    monotonic: () => performance.now(),
    progress: throttled((state) => line.show(progressText(state))),
  });
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
  return allHolds(summary) ? 0 : 1;
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (!isStreamsError(error)) throw error;
  process.stderr.write(failureLine(error));
  return 3;
}
