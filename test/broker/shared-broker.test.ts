import { Kafka, logLevel } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { requireKafka, uniqueName } from './harness/require.ts';

const kafka = requireKafka();

describe('the shared broker', () => {
  test('gives back through a consumer what a producer wrote', async () => {
    const topic = uniqueName('round-trip');
    const client = new Kafka({ brokers: [...kafka().brokers], logLevel: logLevel.NOTHING });
    const admin = client.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] });
    await admin.disconnect();
    const producer = client.producer();
    await producer.connect();
    const messages = ['a', 'b', 'c'].map((value) => ({ key: 'k', value }));
    await producer.send({ topic, messages });
    await producer.disconnect();
    const consumer = client.consumer({ groupId: uniqueName('group') });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    const read: string[] = [];
    await new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          read.push(String(message.value));
          if (read.length === messages.length) resolve();
        },
      });
    });
    await consumer.disconnect();
    expect(read).toEqual(['a', 'b', 'c']);
  });
});
