import { describe, expect, test } from 'vitest';
import { idOf, schemaTopic, TopicRegistry } from '../../../runtime/app/topic-registry.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import { realClock } from '../log-harness.ts';
import { describeRegistryContract } from '../registry-contract.ts';

const newLog = () => new MemoryLog({ clock: realClock });

describeRegistryContract('TopicRegistry', async () => new TopicRegistry(newLog(), 'schemas-a'));

describe('TopicRegistry', () => {
  test('gives two members that register at once the same ids', async () => {
    const log = newLog();
    const [a, b] = [new TopicRegistry(log, 'schemas-a'), new TopicRegistry(log, 'schemas-b')];
    const schemas = Array.from({ length: 20 }, (_, i) => `"schema ${i % 10}"`);
    const [one, two] = await Promise.all([
      Promise.all(schemas.map((schema) => a.register('s', schema, { unchecked: true }))),
      Promise.all(
        schemas.toReversed().map((schema) => b.register('s', schema, { unchecked: true })),
      ),
    ]);
    expect(two.toReversed()).toEqual(one);
    expect(new Set(one).size).toBe(10);
    expect(await a.versions('s')).toEqual(await b.versions('s'));
  });

  test('knows after a restart what was registered before', async () => {
    const log = newLog();
    const id = await new TopicRegistry(log, 'schemas-a').register('orders-value', '"string"');
    const later = new TopicRegistry(log, 'schemas-a');
    expect(await later.schema(id)).toBe('"string"');
    expect(await later.register('orders-value', '"string"')).toBe(id);
  });

  test('appends nothing for what the topic knows', async () => {
    const log = newLog();
    const registry = new TopicRegistry(log, 'schemas-a');
    await registry.register('a', '"string"');
    await registry.register('a', '"string"');
    await new TopicRegistry(log, 'schemas-b').register('a', '"string"');
    const [ends] = await log.ends([{ topic: schemaTopic, partition: 0 }], 'committed');
    expect(ends?.end).toBe(1);
  });

  test('gives a schema the id that it had, after the topic was lost', async () => {
    const schemas = ['"string"', '"int"', '"long"'];
    const all = async (order: readonly string[]): Promise<Record<string, number>> => {
      const registry = new TopicRegistry(newLog(), 'schemas-a');
      const ids: Record<string, number> = {};
      for (const schema of order)
        ids[schema] = await registry.register('a', schema, { unchecked: true });
      return ids;
    };
    expect(await all(schemas.toReversed())).toEqual(await all(schemas));
  });

  test('gives two schemas that would have one id two of them, in the order of the log', async () => {
    const [first, second] = ['"schema 31839"', '"schema 50666"'];
    expect(idOf(first)).toBe(idOf(second));
    const log = newLog();
    const registry = new TopicRegistry(log, 'schemas-a');
    const ids = [
      await registry.register('a', first, { unchecked: true }),
      await registry.register('a', second, { unchecked: true }),
    ];
    expect(ids).toEqual([idOf(first), idOf(first) + 1]);
    const later = new TopicRegistry(log, 'schemas-b');
    expect(await Promise.all(ids.map((id) => later.schema(id)))).toEqual([first, second]);
  });
});
