import { afterEach, expect, test } from 'vitest';
import { kafkaTools, startJava } from '../harness/kafka-tools.ts';
import { runJava } from '../harness/java.ts';
import { requireJava, requireKafka, uniqueName } from '../harness/require.ts';
import { createTopic, kafkaJs, valueProducer } from '../kafkajs-client.ts';
import { BrokerMember, until } from './group-members.ts';

const kafka = requireKafka();
requireJava();
let open: BrokerMember[] = [];

afterEach(async () => {
  await Promise.all(open.map((it) => it.leave().catch(() => {})));
  open = [];
});

test('kafka-consumer-groups shows members, what each has, and committed positions', async () => {
  const [topic, group] = [uniqueName('in'), uniqueName('shop')];
  const { brokers } = kafka();
  await createTopic(kafkaJs(brokers), topic, 4);
  for (const slot of ['left', 'right']) {
    open.push(await BrokerMember.join({ brokers, group, topic, slot }));
  }
  await until(() => open.every((it) => it.has.size === 2));
  const [left, right] = open as [BrokerMember, BrokerMember];
  await left.commitAlways();
  await until(() => left.commits.size === 2);
  const describe = async (...more: string[]): Promise<string[][]> => {
    const args = ['--bootstrap-server', brokers[0] as string, '--describe', '--group', group];
    const { stdout, stderr, code } = await runJava(kafkaTools['consumer-groups'], [
      ...args,
      ...more,
    ]);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('Error')]);
    return stdout
      .split('\n')
      .filter((line) => line.startsWith(group))
      .map((line) => line.split(/\s+/))
      .toSorted((a, b) => a.join().localeCompare(b.join()));
  };
  const members = await describe('--members', '--verbose');
  const [one, two] = [left.membership.memberId, right.membership.memberId];
  expect(members.map((line) => [line[1], line[2], line[5]])).toEqual([
    [one, 'left', '2'],
    [two, 'right', '2'],
  ]);
  expect(members.map((line) => line.join(' '))).toEqual([
    expect.stringContaining(`${topic}:0,1`),
    expect.stringContaining(`${topic}:2,3`),
  ]);
  const state = await describe('--state');
  expect(state[0]).toEqual(expect.arrayContaining(['millrace', 'Stable', '2']));
  const positions = await describe();
  expect(positions.map((line) => [line[1], line[2], line[6]])).toEqual([
    [topic, '0', one],
    [topic, '1', one],
    [topic, '2', two],
    [topic, '3', two],
  ]);
  expect(Number(positions[0]?.[3])).toBeGreaterThan(0);
}, 120_000);

/** A consumer of the new group protocol (KIP-848): the broker turns groups of the old one into new ones where it can. */
async function newConsumer(topic: string, group: string): ReturnType<typeof startJava> {
  const words = `--topic ${topic} --group ${group} --from-beginning --command-property group.protocol=consumer`;
  const server = ['--bootstrap-server', kafka().brokers[0] as string];
  return startJava(kafkaTools['console-consumer'], [...server, ...words.split(' ')]);
}

test('a consumer of the new protocol is refused by a group of ours', async () => {
  const [topic, group] = [uniqueName('in'), uniqueName('shop')];
  const { brokers } = kafka();
  await createTopic(kafkaJs(brokers), topic, 2);
  const a = await BrokerMember.join({ brokers, group, topic, slot: 'a' });
  open.push(a);
  const consumer = await newConsumer(topic, group);
  await until(
    () => /Cannot upgrade/.test(consumer.errors),
    () => consumer.errors,
  );
  await consumer.kill();
  expect([a.events, a.failure]).toEqual([['assigned 0 1'], undefined]);
}, 120_000);

test('a group of the new protocol is another client', async () => {
  const [topic, group] = [uniqueName('in'), uniqueName('shop')];
  const { brokers } = kafka();
  const client = kafkaJs(brokers);
  await createTopic(client, topic, 2);
  const { producer, send } = await valueProducer(client, topic);
  await send('here');
  await producer.disconnect();
  const consumer = await newConsumer(topic, group);
  await consumer.waitFor((line) => line === 'here', 60_000);
  await expect(BrokerMember.join({ brokers, group, topic, slot: 'a' })).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'GROUP_FOREIGN',
  });
  await consumer.kill();
}, 120_000);
