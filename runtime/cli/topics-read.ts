import { Command, InvalidArgumentError, Option } from 'commander';
import { nearestName } from '../../topology/core/problem.ts';
import type { ToolLog } from '../app/tool-log.ts';
import { partitionUnknown } from '../log/log-errors.ts';
import type { Log, TopicInfo } from '../ports.ts';
import type { Console } from './console.ts';
import { UsageError } from './failure.ts';
import { type ReadFrom, readRecords } from './record-cursor.ts';
import { type ByteFormat, byteFormats, lineText, RecordView } from './record-view.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from './settings.ts';
import { onSignal } from './signals.ts';
import { topicFormats } from './topic-formats.ts';

interface ReadCommandOptions extends DataOptions {
  readonly from: ReadFrom;
  readonly follow?: true;
  readonly partition?: number;
  readonly limit?: number;
  readonly key: ByteFormat;
  readonly value: ByteFormat;
}

/** `millrace topics read NAME`: records of a topic as JSON lines. */
export function topicsReadCommand(console: Console): Command {
  const format = (flag: string, what: string): Option =>
    new Option(`${flag} <type>`, what).choices(byteFormats).default('auto');
  return addDataOptions(new Command('read'))
    .description('Print the committed records of a topic as JSON lines, Avro decoded.')
    .argument('<topic>', 'its name')
    .addOption(
      new Option('--from <place>', 'earliest, latest, an offset, or a time (2017-01-31T12:00:00Z)')
        .argParser(parseFrom)
        .default('earliest'),
    )
    .option('--follow', 'wait for new records, until Ctrl-C')
    .addOption(new Option('--partition <number>', 'one partition only').argParser(whole))
    .addOption(new Option('--limit <number>', 'stop after so many records').argParser(whole))
    .addOption(format('--key', 'how keys are read'))
    .addOption(format('--value', 'how values are read'))
    .addHelpText(
      'after',
      '\nRecords of several partitions are merged by time. Bytes that cannot be read are shown as\n' +
        'base64, with the reason. What an application keeps in a changelog is read as its plan says.\n\n' +
        'Example:\n  $ millrace topics read orders.status --from latest --follow',
    )
    .action(async (topic: string, options: ReadCommandOptions) => {
      if (options.from === 'latest' && options.follow !== true) {
        throw new UsageError('"--from latest" begins after the last record: add --follow');
      }
      await withLog(settingsOf(options), (tool) => read(console, tool, topic, options));
    });
}

async function read(
  console: Console,
  { log, registry }: ToolLog,
  topic: string,
  options: ReadCommandOptions,
): Promise<void> {
  const info = await known(log, topic);
  const { partition: only, from, follow } = options;
  if (only !== undefined && only >= info.partitions) {
    throw new UsageError(partitionUnknown(topic, only, info.partitions).message);
  }
  const numbers =
    only === undefined ? Array.from({ length: info.partitions }, (_, i) => i) : [only];
  const own = await topicFormats(log, topic);
  const view = new RecordView({
    registry,
    key: options.key === 'auto' ? own.key : options.key,
    value: options.value === 'auto' ? own.value : options.value,
    repartition: topic.endsWith('-repartition'),
  });
  const limit = options.limit ?? Infinity;
  let shown = 0;
  const signals = onSignal();
  try {
    if (limit === 0) return;
    const records = readRecords(log, {
      partitions: numbers.map((partition) => ({ topic, partition })),
      from,
      follow: follow === true,
      signal: signals.signal,
    });
    for await (const record of records) {
      await console.write(lineText(await view.show(record)));
      if (++shown === limit) return;
    }
    if (shown === 0 && typeof from === 'object' && !signals.signal.aborted) {
      console.note(`${await beyond(log, { topic, numbers, from })}\n`);
    }
  } finally {
    signals.release();
  }
}

/** Says that nothing is there to be read from a place on, and where the topic ends. */
async function beyond(
  log: Log,
  asked: {
    readonly topic: string;
    readonly numbers: readonly number[];
    readonly from: Exclude<ReadFrom, string>;
  },
): Promise<string> {
  const { topic, numbers, from } = asked;
  const ends = await log.ends(
    numbers.map((partition) => ({ topic, partition })),
    'committed',
  );
  const place = 'offset' in from ? `offset ${from.offset}` : new Date(from.time).toISOString();
  const last = ends.map(({ partition, end }) => `${end} in partition ${partition}`).join(', ');
  return `topic "${topic}" has no records from ${place} on: it ends at offset ${last}`;
}

async function known(log: Log, topic: string): Promise<TopicInfo> {
  const info = await log.admin.describe(topic);
  if (info !== undefined) return info;
  const names = (await log.admin.list()).map(({ name }) => name);
  const near = nearestName(topic, names);
  const hint = near === undefined ? '"millrace topics" lists them' : `did you mean "${near}"?`;
  throw new UsageError(`there is no topic "${topic}": ${hint}`);
}

function parseFrom(text: string): ReadFrom {
  if (text === 'earliest' || text === 'latest') return text;
  if (/^\d{1,15}$/.test(text)) return { offset: Number(text) };
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new InvalidArgumentError(
      'give earliest, latest, an offset, or a time like 2017-01-31T12:00:00Z',
    );
  }
  return { time };
}

function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('give a whole number, 0 or more');
  return Number(text);
}
