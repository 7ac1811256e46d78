import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { openWire } from '../../../runtime/kafka/carrier/open-wire.ts';
import { requireCluster, uniqueName } from '../harness/require.ts';
import { createTopic, kafkaJs } from '../kafkajs-client.ts';
import { BrokerMember, until } from './group-members.ts';

const cluster = requireCluster({ brokers: 3, separateController: true });
const members: BrokerMember[] = [];

afterAll(() => Promise.all(members.map((it) => it.leave().catch(() => {}))));

test('members keep their tasks through the loss of their coordinator, and a join after it works', async () => {
  const { brokers } = cluster();
  const [topic, group] = [uniqueName('in'), uniqueName('shop')];
  await createTopic(kafkaJs(brokers), topic, 6, 3);
  const join = async (slot: string): Promise<BrokerMember> => {
    const member = await BrokerMember.join({ brokers, group, topic, slot });
    members.push(member);
    return member;
  };
  const [a, b] = [await join('a'), await join('b')];
  await until(() => a.has.size === 3 && b.has.size === 3);
  await a.commitAlways();
  await b.commitAlways();
  const count = (member: BrokerMember): number =>
    member.commits.get([...member.has][0]!)?.length ?? 0;
  await until(() => count(a) > 10 && count(b) > 10);
  const wire = await openWire({ kafka: { brokers }, clock: systemClock });
  const coordinator = await wire.coordinator(group, 'group');
  await wire.close();
  await cluster().node(coordinator).kill();
  const before = [count(a), count(b)] as const;
  await until(
    () => count(a) > before[0] + 10 && count(b) > before[1] + 10,
    () => [a.events, b.events, before, count(a), count(b)],
    120_000,
  );
  expect(a.events.filter((it) => /lost/.test(it))).toEqual([]);
  expect(b.events.filter((it) => /lost/.test(it))).toEqual([]);
  const c = await join('c');
  await until(() => [a, b, c].every((it) => it.has.size === 2));
  await cluster().node(coordinator).start();
  expect([a.failure, b.failure, c.failure]).toEqual([undefined, undefined, undefined]);
}, 300_000);
