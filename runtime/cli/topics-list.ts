import { Command } from 'commander';
import type { Log, PartitionEnds, TopicInfo } from '../ports.ts';
import type { Console } from './console.ts';
import { UsageError } from './failure.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from './settings.ts';
import { showBytes, showCount, showDuration, textTable } from './text-table.ts';

interface ListOptions extends DataOptions {
  readonly partitions?: true;
  readonly json?: true;
}

/** A topic, with the offsets that its partitions hold. */
interface ListedTopic {
  readonly info: TopicInfo;
  readonly ends: readonly PartitionEnds[];
}

/** `millrace topics list`: topics with partitions, offsets and sizes. */
export function topicsListCommand(console: Console): Command {
  return addDataOptions(new Command('list'))
    .description('List the topics of a log, with partitions, offsets and sizes.')
    .allowExcessArguments(true)
    .option('--partitions', 'a line per partition')
    .option('--json', 'print them as JSON')
    .addHelpText(
      'after',
      '\nOffsets count: compacted and deleted records leave gaps.\n\n' +
        'Example:\n  $ millrace topics list --data .millrace/data',
    )
    .action(async (options: ListOptions, command: Command) => {
      const [word] = command.args;
      // It is the command where none is named: what is not one comes here.
      if (word !== undefined) {
        throw new UsageError(
          `"millrace topics" lists, and has the commands "list" and "read", not "${word}": ` +
            `"millrace topics read ${word}" prints the topic of that name`,
        );
      }
      const topics = await withLog(settingsOf(options), ({ log }) => listTopics(log));
      if (options.json) return console.write(`${JSON.stringify(topics.map(toJson), null, 2)}\n`);
      return console.write(options.partitions ? partitionTable(topics) : topicTable(topics));
    });
}

async function listTopics(log: Log): Promise<ListedTopic[]> {
  const topics: ListedTopic[] = [];
  for (const info of await log.admin.list()) {
    const { name: topic, partitions } = info;
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    topics.push({ info, ends: await log.ends(all, 'committed') });
  }
  return topics.sort((a, b) => (a.info.name < b.info.name ? -1 : 1));
}

function topicTable(topics: readonly ListedTopic[]): string {
  const rows = topics.map(({ info, ends }) => [
    info.name,
    String(info.partitions),
    showCount(ends.reduce((sum, { start, end }) => sum + end - start, 0)),
    showBytes((info.bytes ?? []).reduce((sum, bytes) => sum + bytes, 0)),
    info.cleanup,
    showRetention(info),
  ]);
  const head = ['TOPIC', 'PARTITIONS', 'OFFSETS', 'SIZE', 'CLEANUP', 'RETENTION'];
  return textTable([head, ...rows], [1, 2, 3]);
}

function partitionTable(topics: readonly ListedTopic[]): string {
  const rows = topics.flatMap(({ info, ends }) =>
    ends.map(({ partition, start, end }) => [
      info.name,
      String(partition),
      String(start),
      String(end),
      showBytes(info.bytes?.[partition] ?? 0),
    ]),
  );
  return textTable([['TOPIC', 'PARTITION', 'START', 'END', 'SIZE'], ...rows], [1, 2, 3, 4]);
}

function showRetention({ cleanup, retention }: TopicInfo): string {
  if (cleanup === 'compact') return '-';
  return retention === 'forever' ? retention : showDuration(retention);
}

function toJson({ info, ends }: ListedTopic): object {
  const { name, cleanup, retention, bytes } = info;
  return {
    name,
    cleanup,
    retention,
    partitions: ends.map(({ partition, start, end }) => ({
      partition,
      start,
      end,
      ...(bytes === undefined ? {} : { bytes: bytes[partition] }),
    })),
  };
}
