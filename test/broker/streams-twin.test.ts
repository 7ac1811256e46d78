import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startApplication } from '../../runtime/app/application.ts';
import { lineLogger } from '../../runtime/logger.ts';
import { partitionOf } from '../../topology/core/murmur2.ts';
import { runTool, startJava } from './harness/kafka-tools.ts';
import { requireJava, requireKafka, uniqueName } from './harness/require.ts';
import { temporaryFolder } from './harness/temporary-folder.ts';
import { kafkaJs } from './kafkajs-client.ts';

requireJava();
const kafka = requireKafka();
const partitions = 3;
const program = fileURLToPath(new URL('java/StreamsTwin.java', import.meta.url));

interface Topics {
  readonly orders: string;
  readonly customers: string;
}

/** A record of the input: its time is its place among all of them. */
interface Input {
  readonly topic: keyof Topics;
  readonly key: string;
  readonly value: string | null;
}

/** Orders of twelve customers, some of whom come, change, go and come again in between. */
function inputs(count: number): Input[] {
  let state = 5;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  return Array.from({ length: count }, (_, i) => {
    const key = `c${draw(12)}`;
    if (draw(3) > 0) return { topic: 'orders', key, value: `o${i}` };
    return { topic: 'customers', key, value: draw(4) === 0 ? null : `name${i}` };
  });
}

async function write(topics: Topics, all: readonly Input[]): Promise<void> {
  const client = kafkaJs(kafka().brokers);
  const admin = client.admin();
  await admin.connect();
  const compacted = [{ name: 'cleanup.policy', value: 'compact' }];
  await admin.createTopics({
    topics: [
      { topic: topics.orders, numPartitions: partitions },
      { topic: topics.customers, numPartitions: partitions, configEntries: compacted },
    ],
  });
  await admin.disconnect();
  const producer = client.producer();
  await producer.connect();
  const begin = Date.now() - 3_600_000;
  for (const name of ['orders', 'customers'] as const) {
    const messages = all.flatMap(({ topic, key, value }, i) => {
      const partition = partitionOf(Buffer.from(key), partitions);
      return topic === name ? [{ key, value, partition, timestamp: `${begin + i}` }] : [];
    });
    await producer.send({ topic: topics[name], messages });
  }
  await producer.disconnect();
}

function topology(application: string, topics: Topics, joined: string, counted: string): string {
  const text = 'key: string, value: string, format: string';
  return `application: ${application}
streams:
  orders: { topic: ${topics.orders}, ${text} }
  joined: { topic: ${joined}, ${text}, partitions: ${partitions} }
  counted: { topic: ${counted}, ${text}, partitions: ${partitions} }
tables:
  customers: { topic: ${topics.customers}, ${text} }
stages:
  with-customer:
    from: orders
    join: { with: customers, kind: left, expr: 'left + "/" + (right == null ? "nobody" : right)' }
    to: joined
  by-customer: { from: orders, group-by: key, count: {} }
  as-text: { from: by-customer, to-stream: {} }
  publish: { from: as-text, map-values: { expr: string(value) }, to: counted }
`;
}

/** Key → committed values of a topic, in order, once it has `count` of them. */
async function read(topic: string, count: number): Promise<Record<string, string[]>> {
  const lines = await runTool('console-consumer', kafka().brokers, [
    ...`--topic ${topic} --from-beginning --isolation-level read_committed`.split(' '),
    ...`--max-messages ${count} --formatter-property print.key=true`.split(' '),
  ]);
  const values: Record<string, string[]> = {};
  for (const line of lines) {
    const [key = '', value = ''] = line.split('\t');
    (values[key] ??= []).push(value);
  }
  return values;
}

test('Kafka Streams and we make the same of the same co-partitioned topics', async () => {
  const name = uniqueName('twin');
  const topics = { orders: `${name}-orders`, customers: `${name}-customers` };
  const outputs = ['joined', 'counted'] as const;
  const all = inputs(3_000);
  await write(topics, all);
  const folder = temporaryFolder('twin');
  const file = join(folder, 'twin.yaml');
  writeFileSync(file, topology(name, topics, `${name}-joined`, `${name}-counted`));
  const client = kafkaJs(kafka().brokers).admin();
  await client.connect();
  await client.createTopics({
    topics: outputs.map((it) => ({ topic: `${name}-java-${it}`, numPartitions: partitions })),
  });
  await client.disconnect();
  const java = await startJava(program, [
    kafka().brokers.join(','),
    `${name}-java`,
    join(folder, 'java'),
    topics.orders,
    topics.customers,
    ...outputs.map((it) => `${name}-java-${it}`),
  ]);
  const application = await startApplication({
    topology: file,
    data: join(folder, 'data'),
    kafka: { brokers: kafka().brokers },
    logger: lineLogger(() => {}),
  });
  try {
    const orders = all.filter(({ topic }) => topic === 'orders').length;
    for (const output of outputs) {
      const ours = await read(`${name}-${output}`, orders);
      const theirs = await read(`${name}-java-${output}`, orders);
      expect(ours).toEqual(theirs);
      expect(Object.keys(ours)).toHaveLength(12);
    }
    const joined = Object.values(await read(`${name}-joined`, orders)).flat();
    expect(joined.filter((value) => value.endsWith('/nobody')).length).toBeGreaterThan(100);
    expect(application.failure).toBeUndefined();
  } finally {
    await application.close();
    await java.end();
  }
}, 180_000);
