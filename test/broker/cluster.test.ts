import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { requireCluster, uniqueName } from './harness/require.ts';
import { createTopic, kafkaJs, readValues, valueProducer } from './kafkajs-client.ts';

const cluster = requireCluster({ brokers: 3 });

/** Tries until it works: a cluster that lost a broker needs a while. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 45_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(200);
    }
  }
}

async function leaderOf(topic: string): Promise<number> {
  const admin = kafkaJs(cluster().brokers).admin();
  await admin.connect();
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics[0]?.partitions[0]?.leader ?? -1;
  } finally {
    await admin.disconnect();
  }
}

describe('a cluster of three brokers', () => {
  test('takes and gives back records while one broker is killed, and keeps what it had', async () => {
    const topic = uniqueName('survives');
    const client = kafkaJs(cluster().brokers);
    await createTopic(client, topic, 1, 3);
    const { producer, send } = await valueProducer(client, topic);
    await send('before');
    const killed = await leaderOf(topic);
    await cluster().node(killed).kill();
    expect(cluster().node(killed).running).toBe(false);
    await eventually(() => send('without it'));
    expect(await eventually(() => leaderOf(topic))).not.toBe(killed);
    await cluster().node(killed).start();
    await eventually(() => send('after'));
    await producer.disconnect();
    const values = await readValues(client, topic, 3, uniqueName('group'));
    expect(new Set(values)).toEqual(new Set(['before', 'without it', 'after']));
  });

  test('answers again once a paused broker goes on', async () => {
    const topic = uniqueName('pauses');
    const client = kafkaJs(cluster().brokers);
    await createTopic(client, topic, 1, 3);
    const { producer, send } = await valueProducer(client, topic);
    await send('before');
    const paused = cluster().node(await leaderOf(topic));
    paused.pause();
    let sent = false;
    const pending = eventually(() => send('meanwhile')).then(() => {
      sent = true;
    });
    await sleep(300);
    expect(sent).toBe(false);
    expect(paused.running).toBe(true);
    paused.resume();
    await pending;
    await producer.disconnect();
    const values = await readValues(client, topic, 2, uniqueName('group'));
    expect(values).toEqual(['before', 'meanwhile']);
  });
});

describe('the nodes of a cluster', () => {
  test('are known by their ids', () => {
    expect(cluster().nodes.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(() => cluster().node(4)).toThrow('no node 4: 1, 2, 3');
    expect(() => cluster().proxy(1)).toThrow(
      'no proxy before "plain" of node 1: start with proxied: true',
    );
  });

  test('are not started twice', async () => {
    await expect(cluster().node(1).start()).rejects.toThrow(
      'node 1 is running: stop or kill it first',
    );
  });
});
