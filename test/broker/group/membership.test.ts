import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { ModelProcess } from '../../runtime/kafka/group/model-process.ts';
import { requireKafka, uniqueName } from '../harness/require.ts';
import { createTopic, kafkaJs } from '../kafkajs-client.ts';
import { BrokerMember, type BrokerMemberOptions, until } from './group-members.ts';

const kafka = requireKafka();
const partitionCount = 6;
let topic: string;
let group: string;
let open: BrokerMember[] = [];

beforeEach(async () => {
  topic = uniqueName('in');
  group = uniqueName('shop');
  await createTopic(kafkaJs(kafka().brokers), topic, partitionCount);
});

afterEach(async () => {
  await Promise.all(open.map((it) => it.leave().catch(() => {})));
  open = [];
});

async function join(slot: string, more: Partial<BrokerMemberOptions> = {}): Promise<BrokerMember> {
  const member = await BrokerMember.join({ brokers: kafka().brokers, group, topic, slot, ...more });
  open.push(member);
  return member;
}

/** A group of one, whose commits nothing disturbs but the machine: what it waits is no fault of a rebalance. */
async function bystander(): Promise<BrokerMember> {
  const member = await join('bystander', { group: uniqueName('bystander') });
  await member.commitAlways();
  return member;
}

/** Longest time between two commits of one of the partitions, ms, beyond what a bystander waited. */
function longestGap(member: BrokerMember, partitions: readonly number[], beside: BrokerMember) {
  const gaps = partitions.map((partition) => member.longestGap(partition));
  return Math.max(...gaps) - beside.longestGap(0);
}

/** Waits until the members share all partitions evenly. */
async function balanced(...members: BrokerMember[]): Promise<void> {
  const share = partitionCount / members.length;
  const even = (): boolean => members.every((it) => it.has.size === share);
  await until(even, () => members.map((it) => it.events));
}

describe('members of a group', () => {
  test('share the partitions; those of the others are not touched when one joins or leaves', async () => {
    const beside = await bystander();
    const a = await join('a');
    expect(a.events).toEqual(['assigned 0 1 2 3 4 5']);
    await a.commitAlways();
    const b = await join('b');
    await balanced(a, b);
    await b.commitAlways();
    expect(a.events).toEqual(['assigned 0 1 2 3 4 5', 'revoked 3 4 5']);
    expect(b.events).toEqual(['assigned 3 4 5']);
    const c = await join('c');
    await balanced(a, b, c);
    expect(a.events.slice(2)).toEqual(['revoked 2']);
    expect(b.events.slice(1)).toEqual(['revoked 5']);
    // At once or one after the other, as the two let go of them.
    expect(c.events.join(' ')).toMatch(/^assigned (2 5|2 assigned 5|5 assigned 2)$/);
    await c.leave();
    await balanced(a, b);
    for (const it of [a, b])
      expect(it.events.filter((event) => /lost|refused/.test(event))).toEqual([]);
    // These had the same owner through two joins and a leave.
    expect(longestGap(a, [0, 1], beside)).toBeLessThan(1000);
    expect(a.commits.get(`${topic}-0`)!.length).toBeGreaterThan(5);
  });

  test('go on committing what they keep while others come and go', async () => {
    const beside = await bystander();
    const [a, b] = [await join('a'), await join('b')];
    await balanced(a, b);
    await Promise.all([a.commitAlways(), b.commitAlways()]);
    for (let round = 0; round < 3; round++) {
      const [c, d] = await Promise.all([join(`c${round}`), join(`d${round}`)]);
      await until(
        () => c.has.size + d.has.size === 2,
        () => [c.events, d.events],
      );
      await Promise.all([c.leave(), d.leave()]);
      await balanced(a, b);
    }
    for (const it of [a, b]) {
      const taken = new Set(
        it.events
          .filter((event) => event.startsWith('revoked'))
          .flatMap((event) => event.split(' ')),
      );
      const kept = [...it.has]
        .map((id) => Number(id.split('-').at(-1)))
        .filter((partition) => !taken.has(String(partition)));
      expect(kept).not.toEqual([]);
      expect(longestGap(it, kept, beside)).toBeLessThan(1000);
      expect(it.events.filter((event) => /lost|refused/.test(event))).toEqual([]);
    }
  }, 120_000);

  test('get their partitions back without a rebalance after a crash, by their slot', async () => {
    const [a, b] = [await join('a'), await join('b')];
    await balanced(a, b);
    const { generation } = b.membership;
    await a.close();
    const again = await join('a');
    expect(again.events).toEqual(['assigned 0 1 2']);
    expect(again.membership.generation).toBe(generation);
    expect(b.events).toEqual(['assigned 3 4 5']);
    // The old member id is not good any more: the slot has a new one.
    expect(again.membership.memberId).not.toBe(a.membership.memberId);
    await again.commitAlways();
    await until(
      () => (again.commits.get(`${topic}-0`)?.length ?? 0) > 3,
      () => again.events,
    );
  });

  test('take over at once what one that leaves had', async () => {
    const [a, b] = [await join('a'), await join('b')];
    await balanced(a, b);
    const left = Date.now();
    await a.leave();
    await balanced(b);
    expect(Date.now() - left).toBeLessThan(10_000);
    expect(a.events).toEqual(['assigned 0 1 2 3 4 5', 'revoked 3 4 5', 'revoked 0 1 2']);
  });

  test('lose everything when stopped for longer than the session, and come back', async () => {
    const clock = new ModelProcess(systemClock);
    const membership = { sessionTimeoutMs: 6000 };
    const a = await join('a', { clock, membership });
    const b = await join('b', { membership });
    await balanced(a, b);
    clock.stop();
    await until(
      () => b.has.size === partitionCount,
      () => b.events,
    );
    expect([a.membership.joining, a.has.size]).toEqual([true, partitionCount / 2]);
    clock.resume();
    await balanced(a, b);
    expect(a.events.slice(2, 3)).toEqual(['lost 0 1 2']);
    expect([a.failure, a.membership.joining]).toEqual([undefined, false]);
    await a.commitAlways();
    await until(
      () => a.commits.size === partitionCount / 2,
      () => a.events,
    );
  });

  test('come back when their process was blocked for longer than their sessions', async () => {
    const membership = { sessionTimeoutMs: 6000 };
    const [a, b] = [await join('a', { membership }), await join('b', { membership })];
    await balanced(a, b);
    await Promise.all([a.commitAlways(), b.commitAlways()]);
    // Nothing runs in this process: no timer, no answer is read.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000);
    expect([a.membership.joining, b.membership.joining]).toEqual([true, true]);
    const lost = (it: BrokerMember): boolean => it.events.some((event) => event.startsWith('lost'));
    await until(
      () => lost(a) && lost(b),
      () => [a.events, b.events],
    );
    await balanced(a, b);
    const counts = [a, b].map((it) => it.committed);
    await until(
      () => [a, b].every((it, i) => it.committed > counts[i]! + 5),
      () => [a.events, b.events],
    );
    expect([a.failure, b.failure]).toEqual([undefined, undefined]);
  });

  test('fail where another process takes their slot', async () => {
    const a = await join('a');
    const thief = await join('a');
    await until(() => a.failure !== undefined);
    expect(a.failure).toMatchObject({ name: 'ConfigError', code: 'SLOT_TAKEN' });
    expect(a.events.at(-1)).toBe('lost 0 1 2 3 4 5');
    expect(thief.partitions).toBe('0 1 2 3 4 5');
  });

  test('are dynamic where they are told so', async () => {
    const a = await join('a', { membership: { static: false } });
    expect(a.membership.instanceId).toBe(null);
    expect(a.partitions).toBe('0 1 2 3 4 5');
    await a.commitAlways();
    await until(
      () => a.commits.size === partitionCount,
      () => a.events,
    );
  });

  test('see each other with their tasks and end points', async () => {
    const at = (endpoint: string): Partial<BrokerMemberOptions> => ({ more: { endpoint } });
    const [a, b] = [await join('a', at('http://a:1')), await join('b', at('http://b:1'))];
    await balanced(a, b);
    await until(
      () => a.views.every((view) => view.active.length === 3),
      () => a.views,
    );
    expect(a.views.map(({ self, endpoint, active }) => [self, endpoint, active])).toEqual([
      [true, 'http://a:1', [0, 1, 2].map((partition) => `${topic}-${partition}`)],
      [false, 'http://b:1', [3, 4, 5].map((partition) => `${topic}-${partition}`)],
    ]);
  });
});

describe('a group of the same name', () => {
  test('that another client has is refused', async () => {
    const consumer = kafkaJs(kafka().brokers).consumer({ groupId: group });
    await consumer.connect();
    await consumer.subscribe({ topic });
    const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve));
    await consumer.run({ eachMessage: async () => {} });
    await joined;
    try {
      await expect(join('a')).rejects.toMatchObject({
        name: 'ConfigError',
        code: 'GROUP_FOREIGN',
        message: `a client that is not Millrace is in the group "${group}": stop it, or give one of the two another name`,
      });
    } finally {
      await consumer.disconnect();
    }
  });

  test('refuses another client, and goes on', async () => {
    const a = await join('a');
    const consumer = kafkaJs(kafka().brokers, { retry: { retries: 0 } }).consumer({
      groupId: group,
      retry: { retries: 0, restartOnFailure: async () => false },
    });
    await consumer.connect();
    await consumer.subscribe({ topic });
    const crashed = new Promise<string>((resolve) => {
      consumer.on('consumer.crash', ({ payload }) => resolve(payload.error.message));
    });
    await consumer.run({ eachMessage: async () => {} }).catch(() => {});
    expect(await crashed).toMatch(/protocol/i);
    await consumer.disconnect();
    expect([a.events.length, a.failure]).toEqual([1, undefined]);
  });

  test('says which setting the broker does not take', async () => {
    await expect(join('a', { membership: { sessionTimeoutMs: 100 } })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'KAFKA_REFUSED',
      message: `Kafka refuses to let this process into group "${group}": the session time-out is outside what the broker allows (INVALID_SESSION_TIMEOUT)`,
    });
  });

  test('names a topic that is not there', async () => {
    await expect(join('a', { topic: `${topic}-no` })).rejects.toMatchObject({
      code: 'TOPIC_UNKNOWN',
    });
  });
});
