import { describe, expect, test } from 'vitest';
import { SchemaCache, strategiesOf } from '../../../runtime/engine/schema-cache.ts';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import type { SchemaRegistry } from '../../../runtime/ports.ts';
import { loadCatalog } from '../../../schemas/index.ts';
import type { Clock } from '../../../topology/core/clock.ts';

const text = '{"type":"record","name":"shop.Order","fields":[]}';
const { catalog } = loadCatalog([{ file: 'order.avsc', text }]);
const type = catalog.type('shop.Order');
if (type === undefined) throw new Error('no type');

describe('SchemaCache', () => {
  test('registers under the subjects that the plan says', async () => {
    const asked: string[] = [];
    const registry = {
      register(subject: string): Promise<number> {
        asked.push(subject);
        return Promise.resolve(asked.length);
      },
      versions: () => Promise.resolve([]),
    } as unknown as SchemaRegistry;
    const topics = new Map([
      ['orders', { subject: 'record', keySubject: 'topic-record' }],
      ['paid', {}],
    ]);
    const strategies = strategiesOf({ topics } as unknown as Parameters<typeof strategiesOf>[0]);
    const cache = new SchemaCache(registry, {} as Clock, strategies);
    for (const topic of ['orders', 'paid', 'elsewhere']) {
      for (const part of ['value', 'key'] as const) {
        await cache.register(catalog, { topic, part, type, unchecked: false });
      }
    }
    expect(asked).toEqual([
      'shop.Order',
      'orders-shop.Order',
      'paid-value',
      'paid-key',
      'elsewhere-value',
      'elsewhere-key',
    ]);
  });

  test('makes no version of a schema that another program spelled differently', async () => {
    const registry = new MemoryRegistry();
    const spelled = '{"fields": [], "name": "Order", "namespace": "shop", "type": "record"}';
    const id = await registry.register('orders-value', spelled);
    const cache = new SchemaCache(registry, {} as Clock);
    const place = { topic: 'orders', part: 'value', type } as const;
    expect(await cache.register(catalog, { ...place, unchecked: false })).toBe(id);
    expect(await registry.versions('orders-value')).toEqual([[1, id]]);
    const other = new SchemaCache(registry, {} as Clock);
    expect(await other.find(catalog, 'orders', 'value', type)).toBe(id);
  });
});
