import { describe, expect, test } from 'vitest';
import { requireKafka, uniqueName } from './harness/require.ts';
import { createTopic, kafkaJs, readValues, valueProducer } from './kafkajs-client.ts';

const kafka = requireKafka();

describe('the shared broker', () => {
  test('gives back through a consumer what a producer wrote', async () => {
    const topic = uniqueName('round-trip');
    const client = kafkaJs(kafka().brokers);
    await createTopic(client, topic);
    const { producer, send } = await valueProducer(client, topic);
    await send('a', 'b', 'c');
    await producer.disconnect();
    expect(await readValues(client, topic, 3, uniqueName('group'))).toEqual(['a', 'b', 'c']);
  });
});
