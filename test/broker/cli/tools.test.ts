import { expect, test } from 'vitest';
import { compressions } from '../../../runtime/codec/compression.ts';
import { kafkaTools, runTool, startJava } from '../harness/kafka-tools.ts';
import { requireJava, requireKafka, uniqueName } from '../harness/require.ts';
import { KafkaProject } from './kafka-project.ts';
import { Topics } from './topics.ts';

requireJava();
const kafka = requireKafka();

/** What comes in goes out as it is. */
function passing(more: readonly string[] = []): KafkaProject {
  const name = uniqueName('pass');
  const text = 'key: string, value: string, format: string, partitions: 2';
  return new KafkaProject({
    name,
    brokers: kafka().brokers,
    kafka: more,
    files: {
      'words.yaml': `application: ${name}
streams:
  said: { topic: ${name}-said, ${text} }
  loud: { topic: ${name}-loud, ${text} }
stages:
  pass: { from: said, to: loud }
`,
    },
  });
}

const tool = (name: keyof typeof kafkaTools, args: string): Promise<string[]> =>
  runTool(name, kafka().brokers, args.split(' '));

/** Partition, time, headers, key and value of the first records of a topic, sorted. */
async function records(topic: string, count: number): Promise<string[]> {
  const printed = ['partition', 'timestamp', 'headers', 'key']
    .map((name) => `--formatter-property print.${name}=true`)
    .join(' ');
  const from = `--topic ${topic} --from-beginning --isolation-level read_committed`;
  const lines = await tool('console-consumer', `${from} --max-messages ${count} ${printed}`);
  return lines.toSorted();
}

async function produce(topic: string, compression: string, lines: readonly string[]) {
  const args =
    `--bootstrap-server ${kafka().brokers.join(',')} --topic ${topic} ` +
    `--compression-codec ${compression} --reader-property parse.key=true ` +
    '--reader-property parse.headers=true --reader-property null.marker=NIL';
  const producer = await startJava(kafkaTools['console-producer'], args.split(' '));
  for (const line of lines) producer.write(line);
  await producer.end();
}

test.each(compressions)(
  'records pass from the console producer to the console consumer as they were, compression %s',
  async (compression) => {
    const project = passing([`compression: ${compression}`]);
    await new Topics(kafka().brokers).create(`${project.name}-said`, 2);
    const lines = [
      'a:1,b:2,a:3\tk1\tvalue',
      'n:NIL\tk2\tNIL',
      'ü:ß\tключ\tзначение',
      ...Array.from({ length: 30 }, (_, i) => `i:${i}\tk${i % 7}\t${'long '.repeat(i * 20)}.`),
    ];
    await produce(`${project.name}-said`, compression, lines);
    const { code, stderr } = await project.run('run', 'words.yaml', '--until-caught-up');
    expect([code, stderr]).toEqual([0, expect.stringContaining('has caught up: 33 records')]);
    const written = await records(`${project.name}-loud`, 33);
    expect(written).toEqual(await records(`${project.name}-said`, 33));
    expect(written.join('\n')).toMatch(/\ta:1,b:2,a:3\tk1\tvalue$/m);
    expect(written.join('\n')).toMatch(/\tn:null\tk2\tnull$/m);
  },
);

test("Kafka's tools show an application that stopped, and set it back", async () => {
  const project = passing();
  const { name } = project;
  await new Topics(kafka().brokers).create(`${name}-said`, 2);
  const words = Array.from({ length: 10 }, (_, i) => `w${i}`);
  await new Topics(kafka().brokers).say(project, ...words);
  const runs = async (count: number): Promise<void> => {
    const { stderr } = await project.run('run', 'words.yaml', '--until-caught-up');
    expect(stderr).toContain(`has caught up: ${count} records`);
  };
  await runs(10);
  const groups = (args: string): Promise<string[]> =>
    tool('consumer-groups', `--group ${name} ${args}`);
  /** Partition → position, end, lag. */
  const offsets = async (): Promise<Record<string, (string | undefined)[]>> => {
    const rows = (await groups('--describe --offsets')).map((line) => line.split(/\s+/));
    const own = rows.filter((row) => row[1] === `${name}-said`);
    return Object.fromEntries(own.map((row) => [row[2] ?? '', row.slice(3, 6)]));
  };
  const [first, second] = [(await offsets())['0']?.[0] ?? '', (await offsets())['1']?.[0] ?? ''];
  expect(Number(first) + Number(second)).toBe(10);
  expect(await offsets()).toEqual({ 0: [first, first, '0'], 1: [second, second, '0'] });
  const state = (await groups('--describe --state')).find((line) => line.startsWith(name));
  expect(state?.split(/\s+/)).toEqual(expect.arrayContaining(['Empty', '0']));
  const transactions = await tool('transactions', 'list');
  const ours = transactions.filter((line) => line.startsWith(`${name}-`));
  // The application's, and that of the schemas, where there are any.
  expect(ours.length).toBeGreaterThan(0);
  expect(ours.map((line) => line.trim().split(/\s+/).at(-1))).toEqual(
    ours.map(() => 'CompleteCommit'),
  );

  await groups(`--reset-offsets --topic ${name}-said:0 --to-earliest --execute`);
  expect((await offsets())['0']).toEqual(['0', first, first]);
  await runs(Number(first));
  expect(await offsets()).toEqual({ 0: [first, first, '0'], 1: [second, second, '0'] });
  const loud = await project.values(`${name}-loud`);
  expect(loud).toHaveLength(10 + Number(first));
  expect(new Set(loud)).toEqual(new Set(words));

  await new Topics(kafka().brokers).say(project, 'skipped');
  await groups(`--reset-offsets --topic ${name}-said --to-latest --execute`);
  await runs(0);
  expect(await project.values(`${name}-loud`)).toEqual(loud);
});
