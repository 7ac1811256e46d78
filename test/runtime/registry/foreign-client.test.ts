import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { beforeAll, expect, test } from 'vitest';
import { serve } from './served.ts';

/** Programs with the client that most Node programs have use the served registry as any other. */
let registry: SchemaRegistry;

beforeAll(async () => {
  const { url } = await serve(undefined, { token: 'secret' });
  registry = new SchemaRegistry({ host: url, auth: { username: 'any', password: 'secret' } });
});

const order = (...extra: readonly object[]): { type: SchemaType.AVRO; schema: string } => ({
  type: SchemaType.AVRO,
  schema: JSON.stringify({
    type: 'record',
    name: 'Order',
    namespace: 'shop',
    fields: [{ name: 'id', type: 'string' }, ...extra],
  }),
});

test('registers, encodes and decodes', async () => {
  const { id } = await registry.register(order(), { subject: 'orders-value' });
  const bytes = await registry.encode(id, { id: 'o1' });
  expect(bytes.readUInt32BE(1)).toBe(id);
  expect(await registry.decode(bytes)).toEqual({ id: 'o1' });
  expect(await registry.getLatestSchemaId('orders-value')).toBe(id);
  expect(await registry.getRegistryId('orders-value', 1)).toBe(id);
  expect(await registry.getRegistryIdBySchema('orders-value', order())).toBe(id);
});

test('is refused what the mode of the subject does not allow', async () => {
  await registry.register(order(), { subject: 'strict-value' });
  await expect(
    registry.register(order({ name: 'total', type: 'int' }), { subject: 'strict-value' }),
  ).rejects.toMatchObject({ status: 409 });
  const { id } = await registry.register(order({ name: 'total', type: 'int', default: 0 }), {
    subject: 'strict-value',
  });
  expect(await registry.getLatestSchemaId('strict-value')).toBe(id);
});

test('is told that a schema is not known', async () => {
  await expect(registry.getSchema(999)).rejects.toMatchObject({ status: 404 });
  await expect(
    registry.getRegistryIdBySchema('orders-value', order({ name: 'x', type: 'int' })),
  ).rejects.toThrow('Schema not found');
});

test('uses a schema that refers to another one', async () => {
  await registry.register(
    {
      type: SchemaType.AVRO,
      schema: '{"type":"record","name":"shop.Money","fields":[{"name":"cents","type":"long"}]}',
    },
    { subject: 'money' },
  );
  const { id } = await registry.register(
    {
      type: SchemaType.AVRO,
      schema:
        '{"type":"record","name":"shop.Bill","fields":[{"name":"total","type":"shop.Money"}]}',
      references: [{ name: 'shop.Money', subject: 'money', version: 1 }],
    },
    { subject: 'bills' },
  );
  const bytes = await registry.encode(id, { total: { cents: 5 } });
  expect(await registry.decode(bytes)).toEqual({ total: { cents: 5 } });
});
