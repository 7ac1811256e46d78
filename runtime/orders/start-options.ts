import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { BehaviourSettings } from '../../processors/orders/provider/behaviour.ts';
import {
  addBehaviourOptions,
  behaviourSettings,
  share,
} from '../../processors/orders/provider/options.ts';
import type { BehaviourOptions } from '../../processors/orders/provider/options.ts';
import { brokersIn } from '../app/kafka-settings.ts';
import type { PlaceOptions } from '../app/run-place.ts';
import type { SyncMode } from '../embedded/durability.ts';

/** What the command line of `npm start` says. */
export interface StartOptions {
  /** File of baskets. */
  readonly orders: string;
  /** Data folder, runner file, and the log: where it runs. */
  readonly place: PlaceOptions;
  readonly json: boolean;
  /** Undefined: what the runner file says, else `commit`. */
  readonly sync: SyncMode | undefined;
  readonly seed: number;
  readonly shortShare: number;
  /** URL of a provider that runs already; undefined: start one. */
  readonly payments: string | undefined;
  /** URL of a mail server that runs already; undefined: start one. */
  readonly smtp: string | undefined;
  /** Share of the pick lists that are picked, 0…1. */
  readonly pickShare: number;
  readonly behaviour: BehaviourSettings;
}

/** The 5,000 baskets that the repository ships. */
export const sampleBaskets: string = fileURLToPath(
  new URL('data/baskets-sample.avro', import.meta.url),
);

interface Parsed extends BehaviourOptions, PlaceOptions {
  readonly orders: string;
  readonly json: boolean;
  readonly sync?: SyncMode;
  readonly shortShare: number;
  readonly pickShare: number;
  readonly payments?: string;
  readonly smtp?: string;
}

/**
 * Parses the arguments of `npm start` (without `node` and the script).
 *
 * **Gotchas** Help and wrong usage print and throw commander's `CommanderError`.
 */
export function parseStartOptions(args: readonly string[]): StartOptions {
  const command = new Command('npm start --')
    .description('Runs the order system on real baskets, and adds up what became of them.')
    .exitOverride()
    .addOption(
      new Option('--orders <file>', 'Avro file of baskets').default(sampleBaskets, 'the sample'),
    )
    .addOption(
      new Option('--data <dir>', 'data folder')
        .default(undefined, 'data of the runner file, else .millrace/data')
        .argParser(folder),
    )
    .addOption(
      new Option('--log <kind>', 'the embedded log of the data folder, or a Kafka cluster')
        .choices(['embedded', 'kafka'])
        .default(undefined, 'log of the runner file, else embedded'),
    )
    .addOption(
      new Option('--brokers <list>', 'some brokers of the cluster: host:port,…')
        .default(undefined, 'kafka.brokers of the runner file')
        .argParser(brokers),
    )
    .addOption(
      new Option('--config <file>', 'runner file: how to reach the cluster (TLS, SASL)').default(
        undefined,
        'millrace.yaml, if it is there',
      ),
    )
    .option('--json', 'print the summary as one JSON object', false)
    .addOption(
      new Option('--sync <mode>', 'when commits are forced to the disk')
        .choices(['commit', 'interval', 'never'])
        .default(undefined, 'sync of the runner file, else commit'),
    )
    .addOption(
      new Option('--short-share <share>', 'share of orders that find goods missing')
        .argParser(share)
        .default(0.03),
    )
    .addOption(new Option('--payments <url>', 'a provider that runs already').argParser(url))
    .addOption(new Option('--smtp <url>', 'a mail server that runs already').argParser(smtpUrl))
    .addOption(
      new Option('--pick-share <share>', 'share of the pick lists that are picked')
        .argParser(share)
        .default(0.9),
    )
    .addHelpText('after', '\nExample:\n  $ npm start -- --orders baskets.avro --decline-rate 0.1');
  addBehaviourOptions(command).parse(args, { from: 'user' });
  const options = command.opts<Parsed>();
  const { orders, json, sync, seed, shortShare, pickShare, payments, smtp } = options;
  const behaviour = behaviourSettings(options);
  const { data, config, log, brokers: named } = options;
  const place = {
    ...(data === undefined ? {} : { data }),
    ...(config === undefined ? {} : { config }),
    ...(log === undefined ? {} : { log }),
    ...(named === undefined ? {} : { brokers: named }),
  };
  return {
    orders,
    place,
    json,
    sync,
    seed,
    shortShare,
    pickShare,
    payments,
    smtp,
    behaviour,
  };
}

/** An empty text, as of a shell variable that is not set, would mean the working directory. */
function folder(text: string): string {
  if (text === '') throw new InvalidArgumentError('name a folder');
  return text;
}

function brokers(text: string): readonly string[] {
  const list = brokersIn(text);
  if (list === undefined) throw new InvalidArgumentError('give host:port,host:port,…');
  return list;
}

function url(text: string): string {
  if (!URL.canParse(text) || new URL(text).protocol !== 'http:') {
    throw new InvalidArgumentError('give an http URL, like http://127.0.0.1:8081');
  }
  return text.replace(/\/$/, '');
}

function smtpUrl(text: string): string {
  if (!URL.canParse(text) || !/^smtps?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('give an smtp URL, like smtp://127.0.0.1:2525');
  }
  return text;
}
