import { describe, expect, test } from 'vitest';
import { startCluster } from './harness/cluster.ts';
import { runJava } from './harness/java.ts';
import { kafkaTools } from './harness/kafka-tools.ts';
import { requireCluster, uniqueName } from './harness/require.ts';
import { createTopic, kafkaJs, readValues, valueProducer } from './kafkajs-client.ts';

const produce = 0;
const cluster = requireCluster({
  proxied: true,
  separateController: true,
  features: { 'transaction.version': 1 },
});

describe('a node', () => {
  test.each(['kill', 'stop'] as const)('keeps its data over %s and start', async (end) => {
    const topic = uniqueName(end);
    const client = kafkaJs(cluster().brokers);
    await createTopic(client, topic);
    const { producer, send } = await valueProducer(client, topic);
    await send('a', 'b');
    await producer.disconnect();
    await cluster().node(1)[end]();
    await cluster().node(1).start();
    expect(await readValues(client, topic, 2, uniqueName('group'))).toEqual(['a', 'b']);
  });

  test('that cannot start says why', async () => {
    await expect(startCluster({ settings: { 'num.partitions': 'many' } })).rejects.toThrow(
      /^node 1 ended while it started \(.*\):\n(.|\n)*Invalid value many for configuration num.partitions/,
    );
  });
});

describe('a proxy before a broker', () => {
  test('is the only way that clients know, and can hold a Produce', async () => {
    const topic = uniqueName('held');
    const client = kafkaJs(cluster().brokers);
    await createTopic(client, topic);
    const { producer, send } = await valueProducer(client, topic);
    const hold = cluster()
      .proxy(1)
      .hold(({ apiKey }) => apiKey === produce);
    let sent = false;
    const pending = send('late').then(() => {
      sent = true;
    });
    await hold.waitFor(1);
    const admin = client.admin();
    await admin.connect();
    expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ high: '0' }]);
    expect(sent).toBe(false);
    hold.release();
    await pending;
    expect(await admin.fetchTopicOffsets(topic)).toMatchObject([{ high: '1' }]);
    await Promise.all([producer.disconnect(), admin.disconnect()]);
  });
});

describe('features', () => {
  test('have the levels that the cluster was formatted with', async () => {
    const server = ['--bootstrap-server', cluster().brokers.join(',')];
    const { stdout } = await runJava(kafkaTools.features, [...server, 'describe']);
    expect(stdout).toMatch(/Feature: transaction\.version\s.*FinalizedVersionLevel: 1\s/);
  });
});
