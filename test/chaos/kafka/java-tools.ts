import { runJava } from '../../broker/harness/java.ts';
import { kafkaTools } from '../../broker/harness/kafka-tools.ts';

/** Topic → partition → offset. */
export type Offsets = Map<string, Map<number, number>>;

/** Java may have to wait for the machine, ms. */
const timeoutMs = 180_000;

/**
 * End offsets of all topics, by Kafka's `GetOffsetShell`.
 * @throws {Error} when it fails
 */
export async function endOffsets(brokers: readonly string[]): Promise<Offsets> {
  const args = ['--bootstrap-server', brokers.join(',')];
  const text = await outputOf(kafkaTools['get-offsets'], args);
  return offsetsOf(text.matchAll(/^(?<topic>\S+):(?<partition>\d+):(?<offset>\d+)$/gm));
}

/**
 * Committed positions of a group, by Kafka's `ConsumerGroupCommand`.
 * @throws {Error} when it fails
 */
export async function groupOffsets(brokers: readonly string[], group: string): Promise<Offsets> {
  const args = ['--bootstrap-server', brokers.join(','), '--describe', '--group', group];
  const text = await outputOf(kafkaTools['consumer-groups'], args);
  return offsetsOf(text.matchAll(/^\S+ +(?<topic>\S+) +(?<partition>\d+) +(?<offset>\d+) /gm));
}

async function outputOf(tool: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runJava(tool, args, { timeoutMs });
  if (code === 0) return stdout;
  throw new Error(`${tool} ${args.join(' ')} ended with code ${code}:\n${stdout}${stderr}`);
}

function offsetsOf(rows: Iterable<RegExpMatchArray>): Offsets {
  const offsets: Offsets = new Map();
  for (const { groups } of rows) {
    const { topic = '', partition, offset } = groups ?? {};
    const known = offsets.get(topic) ?? new Map<number, number>();
    offsets.set(topic, known.set(Number(partition), Number(offset)));
  }
  return offsets;
}
