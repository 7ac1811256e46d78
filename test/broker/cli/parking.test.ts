import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { expect, test } from 'vitest';
import type { Cli } from '../../runtime/cli/cli.ts';
import { eventually } from '../eventually.ts';
import { requireKafka, requireRegistry, uniqueName } from '../harness/require.ts';
import { kafkaJs } from '../kafkajs-client.ts';
import { KafkaProject } from './kafka-project.ts';
import { Topics } from './topics.ts';

const kafka = requireKafka();
const registry = requireRegistry();

const schema = JSON.stringify({
  type: 'record',
  name: 'text.Said',
  fields: [
    { name: 'word', type: 'string' },
    { name: 'n', type: 'int' },
  ],
});

/** Bad words fail until the file "mended" is there; then they, and what comes after them, take some time. */
const stage = `import { existsSync } from 'node:fs';
interface Said { readonly word: string; readonly n: number }
const slow = new Int32Array(new SharedArrayBuffer(4));
export function shout({ word, n }: Said): Said {
  const mended = existsSync(new URL('../mended', import.meta.url));
  if (word === 'bad' && !mended) throw new Error('no way');
  if (mended) Atomics.wait(slow, 0, 0, 8);
  return { word: word.toUpperCase(), n };
}
`;

const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);
const parked = ['k1', 'k4', 'k5', 'k9'];
const records = 150;
const failing = 20;

function topology(name: string): string {
  return `application: ${name}
processors: processors
schemas: schemas
streams:
  said: { topic: ${name}-said, key: string, value: text.Said, partitions: 4 }
  loud: { topic: ${name}-loud, key: string, value: text.Said, partitions: 4 }
stages:
  shout: { from: said, map-values: { use: shout, as: text.Said }, to: loud }
errors:
  default: { dead-letter: ${name}-letters, park-by-key: {} }
`;
}

/** Writes the records of each key in turn, as any other program would. */
async function produce(topic: string): Promise<void> {
  const client = new SchemaRegistry({ host: registry().url });
  const said = { type: SchemaType.AVRO, schema } as const;
  const { id } = await client.register(said, { subject: `${topic}-value` });
  const producer = kafkaJs(kafka().brokers).producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (let n = 0; n < records; n++) {
    const messages = keys.map(async (key) => {
      const word = n === failing && parked.includes(key) ? 'bad' : 'good';
      return { key, value: await client.encode(id, { word, n }) };
    });
    await producer.send({ topic, messages: await Promise.all(messages) });
  }
  await producer.disconnect();
}

/** Numbers that came out, by key. */
async function numbers(project: KafkaProject): Promise<ReadonlyMap<string, readonly number[]>> {
  const { stdout } = await project.run('topics', 'read', `${project.name}-loud`);
  const byKey = new Map<string, number[]>();
  for (const line of stdout.split('\n').slice(0, -1)) {
    const { key, value } = JSON.parse(line) as { key: string; value: { n: number } };
    byKey.set(key, [...(byKey.get(key) ?? []), value.n]);
  }
  return byKey;
}

async function waiting(project: KafkaProject): Promise<number> {
  const { stdout } = await project.run('dlq', 'list', 'words.yaml', '--json');
  const groups = JSON.parse(stdout) as readonly { readonly waiting: number }[];
  return groups.reduce((sum, group) => sum + group.waiting, 0);
}

test('a key is let go in its order, though the member that does it is killed', async () => {
  const name = uniqueName('parking');
  const { brokers } = kafka();
  const project = new KafkaProject({
    name,
    brokers,
    files: {
      'millrace.yaml': `log: kafka
kafka: { brokers: ${JSON.stringify(brokers)} }
registry: { url: '${registry().url}' }
`,
      'words.yaml': topology(name),
      'schemas/said.avsc': schema,
      'processors/shout.ts': stage,
    },
  });
  await new Topics(brokers).create(`${name}-said`, 4);
  const member = async (data: string): Promise<Cli> => {
    const running = project.start('run', 'words.yaml', '--data', data);
    await running.until(({ stderr }) => stderr.includes('runs on Kafka'));
    return running;
  };
  const killed = await member('one');
  const other = await member('two');
  await produce(`${name}-said`);
  const behind = parked.length * (records - failing - 1);
  await eventually(
    'all of them wait',
    async () => ((await waiting(project)) === behind ? true : undefined),
    60_000,
  );
  project.write('mended', '');
  const sent = await project.run('dlq', 'redrive', 'words.yaml', '--wait', '0ms');
  expect([sent.code, sent.stderr]).toEqual([
    0,
    expect.stringMatching(/^4 sent on, 0 stay\nparked keys: /),
  ]);
  killed.process.kill('SIGKILL');
  await killed.ended;
  // It had not come to the end: there is something for its heir to do.
  expect(await waiting(project)).toBeGreaterThan(0);
  const again = await member('one');
  await eventually(
    'all keys are free',
    async () => ((await waiting(project)) === 0 ? true : undefined),
    60_000,
  );
  const inOrder = Array.from({ length: records }, (_, n) => n);
  const all = new Map(keys.map((key) => [key, inOrder]));
  await eventually(
    'everything came out',
    async () => {
      const seen = await numbers(project);
      const count = [...seen.values()].reduce((sum, it) => sum + it.length, 0);
      return count >= keys.length * records ? true : undefined;
    },
    60_000,
  );
  expect(await numbers(project)).toEqual(all);
  const nothing = await project.run('dlq', 'redrive', 'words.yaml');
  expect(nothing.stderr).toBe('0 sent on, 0 stay, 4 had been sent on before\n');
  for (const service of [other, again]) {
    service.process.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  }
});
