import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { requireKafka, uniqueName } from '../harness/require.ts';
import { kafkaJs } from '../kafkajs-client.ts';
import { KafkaProject, type KafkaProjectOptions } from './kafka-project.ts';
import { Topics } from './topics.ts';

const kafka = requireKafka();
const topics = (): Topics => new Topics(kafka().brokers);

/** A project whose input has two words in two partitions. */
async function project(more: Partial<KafkaProjectOptions> = {}): Promise<KafkaProject> {
  const words = new KafkaProject({ name: uniqueName('words'), brokers: kafka().brokers, ...more });
  await topics().create(`${words.name}-said`, 2);
  await topics().say(words, 'one', 'two');
  return words;
}

test('a transaction time-out above that of the brokers is refused', async () => {
  const words = await project({ kafka: ['transaction-timeout: 1h'] });
  await words.expectRun('kafka-transaction-timeout');
  words.write('millrace.yaml', `log: kafka\nkafka: { brokers: '${kafka().brokers[0]}' }\n`);
  await words.expectCatchesUp('one', 'two');
});

describe('another application with the same id', () => {
  test('that is a consumer of another kind keeps the group, which is refused', async () => {
    const words = await project();
    const consumer = kafkaJs(kafka().brokers).consumer({ groupId: words.name });
    await consumer.connect();
    await consumer.subscribe({ topic: `${words.name}-said` });
    const joined = new Promise<void>((resolve) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve());
    });
    await consumer.run({ autoCommit: false, eachMessage: async () => {} });
    await joined;
    await words.expectRun('kafka-foreign-group');
    await consumer.disconnect();
    await words.expectCatchesUp('one', 'two');
  });

  test('that runs is left alone by one whose topology does not fit', async () => {
    const first = await project();
    const running = await first.service();
    const text = `key: string, value: string, format: string`;
    const second = await project({
      name: first.name,
      files: {
        'words.yaml': `application: ${first.name}
streams:
  said: { topic: ${first.name}-said, ${text}, partitions: 2 }
stages:
  counts: { from: said, group-by: value, count: { store: counts }, drop: [out] }
`,
      },
    });
    await second.expectRun('kafka-other-topology');
    await topics().say(first, 'three');
    await eventually(
      'the first one goes on',
      async () => {
        const loud = await first.values(`${first.name}-loud`);
        return loud.length === 5 ? loud : undefined;
      },
      60_000,
    );
    running.process.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});

test('a data folder that was copied is refused to its first user, and nothing comes twice', async () => {
  const first = await project();
  await first.expectCatchesUp('one', 'two');
  const second = new KafkaProject({ name: first.name, brokers: kafka().brokers });
  cpSync(join(first.folder, '.millrace'), join(second.folder, '.millrace'), { recursive: true });
  const running = await first.service();
  const taker = await second.service();
  await first.expectGolden('kafka-slot-taken', ['run', 'words.yaml'], await running.ended);
  await topics().say(first, 'three');
  await eventually(
    'the second one goes on',
    async () => {
      const loud = await first.values(`${first.name}-loud`);
      return loud.includes('three!') ? loud : undefined;
    },
    60_000,
  );
  taker.process.kill('SIGTERM');
  expect((await taker.ended).code).toBe(0);
  expect(await first.values(`${first.name}-loud`)).toEqual(['one!', 'three!', 'two!']);
});

test('a reset is refused while a member runs, whosever folder it is in, and takes nothing', async () => {
  const first = await project();
  const running = await first.service();
  const reset = ['reset', 'words.yaml', '--yes'];
  await first.expectGolden('kafka-reset-here', reset, await first.run(...reset));
  const second = new KafkaProject({ name: first.name, brokers: kafka().brokers });
  await first.expectGolden('kafka-reset-elsewhere', reset, await second.run(...reset));
  running.process.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
  await first.expectCatchesUp('one', 'two');
});

test('tools say what they lack of a cluster', async () => {
  const words = new KafkaProject({ name: uniqueName('words'), brokers: ['127.0.0.1:1'] });
  const list = ['topics'];
  await words.expectGolden('kafka-topics-unreachable', list, await words.run(...list));
  words.write('millrace.yaml', 'log: kafka\n');
  await words.expectGolden('kafka-no-brokers', list, await words.run(...list));
});
