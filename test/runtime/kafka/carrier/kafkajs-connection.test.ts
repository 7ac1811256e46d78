import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { kafkaJsConnector } from '../../../../runtime/kafka/carrier/kafkajs-connection.ts';

describe('KafkaJS', () => {
  test('is the version whose connections are known', () => {
    const path = createRequire(import.meta.url).resolve('kafkajs/package.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ version: '2.2.4' });
  });

  test('gives connections of the shape that the carrier uses', async () => {
    const connector = kafkaJsConnector({
      clientId: 'c',
      ssl: undefined,
      sasl: undefined,
      connectTimeoutMs: 1,
    });
    const connection = await connector('127.0.0.1', 9092);
    expect(connection).toMatchObject({
      host: '127.0.0.1',
      port: 9092,
      connectionStatus: 'disconnected',
    });
    expect(connection.isConnected()).toBe(false);
  });
});
