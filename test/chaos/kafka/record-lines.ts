import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { programFlags } from '../../broker/harness/java.ts';
import { reapProcess } from '../../broker/harness/reaper.ts';
import type { LoggedRecord } from '../evidence.ts';

const program = fileURLToPath(new URL('java/RecordLines.java', import.meta.url));

/** What {@link readWithJava} reads, and how. */
export interface JavaReading {
  readonly brokers: readonly string[];
  /** Regular expression of the topics. */
  readonly topics: string;
  readonly isolation: 'read_committed' | 'read_uncommitted';
  /** Ends when nothing came for so long, ms. */
  readonly quietMs: number;
}

/** Topic → partition → its records by offset. */
export type TopicRecords = ReadonlyMap<string, readonly (readonly LoggedRecord[])[]>;

/**
 * Everything that Kafka's own console consumer reads, from the beginning.
 * @throws {Error} when it fails, or printed another number of lines than it read records
 */
export async function readWithJava(reading: JavaReading): Promise<TopicRecords> {
  const { brokers, topics, isolation, quietMs } = reading;
  const args = ['--bootstrap-server', brokers.join(','), '--include', topics];
  args.push('--from-beginning', '--isolation-level', isolation, '--timeout-ms', String(quietMs));
  const child = spawn('java', [...(await programFlags(program)), ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  reapProcess(child);
  const closed = once(child, 'close');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const records = new Map<string, LoggedRecord[][]>();
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    add(records, recordOfLine(line));
    lines += 1;
  }
  await closed;
  const said = Number(/Processed a total of (\d+) messages/.exec(errors)?.[1] ?? Number.NaN);
  if (said === lines) return records;
  throw new Error(`the console consumer printed ${lines} records, and said:\n${errors}`);
}

/**
 * A record of a line of `RecordLines.java`.
 * @throws {Error} for another line
 */
export function recordOfLine(line: string): LoggedRecord {
  const [topic, partition, offset, time, key, value, headers, ...more] = line.split('\t');
  if (
    topic === undefined ||
    key === undefined ||
    value === undefined ||
    headers === undefined ||
    more.length > 0
  ) {
    throw new Error(`no record of the console consumer: ${line}`);
  }
  const pairs = headers === '' ? [] : headers.split(',').map((pair) => pair.split('='));
  return {
    topic,
    partition: Number(partition),
    offset: Number(offset),
    time: Number(time),
    key: bytesOf(key),
    value: bytesOf(value),
    headers: pairs.map(
      ([name = '', text = '-']) => [String(bytesOf(name)), String(bytesOf(text) ?? '')] as const,
    ),
  };
}

function bytesOf(text: string): Buffer | null {
  return text === '-' ? null : Buffer.from(text, 'hex');
}

function add(records: Map<string, LoggedRecord[][]>, record: LoggedRecord): void {
  const partitions = records.get(record.topic) ?? [];
  records.set(record.topic, partitions);
  while (partitions.length <= record.partition) partitions.push([]);
  partitions[record.partition]?.push(record);
}
