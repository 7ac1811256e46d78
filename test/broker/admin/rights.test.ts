import { beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { openWire } from '../../../runtime/kafka/carrier/open-wire.ts';
import { KafkaAdmin } from '../../../runtime/kafka/kafka-admin.ts';
import type { SaslOptions } from '../../../runtime/kafka/sasl-options.ts';
import type { KafkaWire } from '../../../runtime/kafka/wire.ts';
import type { TopicSpec } from '../../../runtime/ports.ts';
import { users } from '../harness/cluster-options.ts';
import { requireCluster } from '../harness/require.ts';

const cluster = requireCluster({ listeners: ['plain', 'sasl'], acls: true });
const orders: TopicSpec = {
  name: 'orders',
  partitions: 1,
  cleanup: 'delete',
  retention: 'forever',
};
const position = { topic: 'orders', partition: 0, offset: 0 };

/** A user without any right, where a topic `orders` is. */
let wire: KafkaWire;
let admin: KafkaAdmin;

beforeAll(async () => {
  const all = await openWire({ kafka: { brokers: cluster().brokers }, clock: systemClock });
  await new KafkaAdmin(all, systemClock).create(orders);
  await all.close();
  const sasl: SaslOptions = { mechanism: 'PLAIN', username: 'alice', password: users.alice ?? '' };
  const brokers = cluster().bootstrap('sasl');
  wire = await openWire({ kafka: { brokers, sasl }, clock: systemClock });
  admin = new KafkaAdmin(wire, systemClock);
  return () => wire.close();
});

describe('a user without rights', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['describe a topic', () => admin.describe('orders'), 'Describe on topic "orders"'],
    [
      'create a topic',
      () => admin.create({ ...orders, name: 'new' }),
      'Create on the cluster or on topic "new"',
    ],
    ['delete a topic', () => admin.delete('orders'), 'Delete on topic "orders"'],
    ['delete records', () => admin.deleteRecords([position]), 'Describe on topic "orders"'],
    ['delete positions', () => admin.setPositions('shop', undefined), 'Describe on group "shop"'],
    [
      'find the coordinator of a transactional id',
      () => wire.coordinator('shop-s0', 'transaction'),
      'Describe on transactional id "shop-s0"',
    ],
  ])('cannot %s, and is told which right it needs', async (_, act, right) => {
    await expect(act()).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'KAFKA_RIGHTS',
      message: expect.stringContaining(`; it needs ${right}`),
    });
  });

  test('sees no topic in the list', async () => {
    expect(await admin.list()).toEqual([]);
  });
});
