import { join } from 'node:path';
import { CommanderError } from 'commander';
import { isStreamsError } from '../../topology/core/errors.ts';
import { startApplication } from '../app/application.ts';
import type { Application } from '../app/application.ts';
import { failureLine } from '../app/failure-line.ts';
import { type RunPlace, runPlace } from '../app/run-place.ts';
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
/** Nothing listens there: calls that a crash left in the journal are refused, and made again when the provider is up. */
const nowhere = 'http://127.0.0.1:1';
/** As {@link nowhere}, for letters. */
const nowhereSmtp = 'smtp://127.0.0.1:1';
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
  process.env['PAYMENTS_URL'] = options.payments ?? nowhere;
  const place = runPlace(options.place, process.env);
  if (options.place.brokers !== undefined && place.choice.kafka === undefined) {
    process.stderr.write('error: --brokers names a Kafka cluster: add --log kafka\n');
    return 2;
  }
  process.env['SMTP_URL'] = options.smtp ?? nowhereSmtp;
  const common = {
    data: place.data,
    ...(place.choice.kafka === undefined ? {} : { kafka: place.choice.kafka }),
    sync: options.sync ?? place.sync ?? 'commit',
    seed: options.seed,
    options: { 'max-open-calls': maxOpenCalls, 'store-cache': storeCacheBytes, ...place.options },
  };
  const application = await startApplication({
    ...common,
    topology: ordersFile,
    ...(place.queries === undefined ? {} : { queries: place.queries }),
    logger,
  });
  let summary: SummaryInput | undefined;
  try {
    summary = await runWithServers(application, common, { ...options, place }, interrupt.signal);
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

/** Starts the servers that the applications ask, for as long as they run. */
async function runWithServers(
  application: Application,
  common: ServicesOptions['application'],
  options: PlacedOptions,
  signal: AbortSignal,
): Promise<SummaryInput | undefined> {
  const ledger = join(options.place.data, 'provider', 'ledger.jsonl');
  const provider =
    options.payments === undefined ? await startProvider(ledger, options.behaviour) : undefined;
  try {
    const payments = provider?.url ?? options.payments ?? nowhere;
    process.env['PAYMENTS_URL'] = payments;
    const mailBook =
      options.smtp === undefined ? join(options.place.data, 'mail', 'mails.jsonl') : undefined;
    const mail = mailBook === undefined ? undefined : await startMailServer(mailBook);
    try {
      process.env['SMTP_URL'] = mail?.url ?? options.smtp ?? nowhereSmtp;
      const { log } = application;
      const serdes = await openShopSerdes(application.registry);
      // Before `analytics` starts: what it has not seen has no department.
      await loadProducts(log, serdes, options.orders);
      const picks = { seed: options.seed, share: options.pickShare };
      const files = serviceFiles();
      const besides = { files, application: common, logger, log, serdes, picks, mailBook };
      const services = await Services.start(besides);
      try {
        return await run(application, { ...options, payments, signal }, services);
      } finally {
        await services.close();
      }
    } finally {
      await mail?.stop();
    }
  } finally {
    await provider?.stop();
  }
}

function run(
  application: Application,
  options: PlacedOptions & { readonly payments: string; readonly signal: AbortSignal },
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
