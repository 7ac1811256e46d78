import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import { client, serve } from './served.ts';

const line = '{"type":"record","name":"shop.Line","fields":[]}';
const order = '{"type":"record","name":"shop.Order","fields":[{"name":"line","type":"shop.Line"}]}';

test('gives a schema as it is kept when what it refers to is gone', async () => {
  const registry = new MemoryRegistry();
  await registry.register('line', line);
  const references = [{ name: 'shop.Line', subject: 'line', version: 1 }];
  const id = await registry.register('order', order, { references });
  await registry.softDelete('line');
  await registry.purge('line');
  const { url } = await serve(registry);
  expect(await registry.schema(id)).toBe(order);
  expect(await client(url).schema(id)).toBe(order);
});

test('gives a schema of another kind as it is kept', async () => {
  const text = 'syntax = "proto3"; import "line.proto";';
  const references = [{ name: 'line.proto', subject: 'line', version: 1 }];
  const server = createServer((request, response) => {
    const version = { subject: 'line', version: 1, id: 1, schema: 'syntax = "proto3";' };
    const body = request.url?.startsWith('/schemas/ids/') ? { schema: text, references } : version;
    response.end(JSON.stringify({ schemaType: 'PROTOBUF', ...body }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    expect(await client(`http://127.0.0.1:${port}`).schema(7)).toBe(text);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
