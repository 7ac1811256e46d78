import { describe, expect, test } from 'vitest';
import type { SchemaRegistry } from '../../runtime/ports.ts';

/** The contract of a schema registry. */
export function describeRegistryContract(name: string, open: () => Promise<SchemaRegistry>): void {
  describe(`${name}: registry contract`, () => {
    test('gives ids from 1 and gives the schema back', async () => {
      const registry = await open();
      expect(await registry.register('orders-value', '"string"')).toBe(1);
      expect(await registry.register('orders-key', '"long"')).toBe(2);
      expect(await registry.schema(1)).toBe('"string"');
      expect(await registry.schema(2)).toBe('"long"');
      expect(await registry.schema(3)).toBeUndefined();
    });

    test('gives one schema one id in all subjects', async () => {
      const registry = await open();
      expect(await registry.register('a', '"string"')).toBe(1);
      expect(await registry.register('b', '"string"')).toBe(1);
      expect(await registry.register('b', '"int"')).toBe(2);
      expect(await registry.versions('a')).toEqual([[1, 1]]);
      expect(await registry.versions('b')).toEqual([
        [1, 1],
        [2, 2],
      ]);
    });

    test('adds no version for a schema that the subject has', async () => {
      const registry = await open();
      await registry.register('a', '"string"');
      await registry.register('a', '"int"');
      expect(await registry.register('a', '"string"')).toBe(1);
      expect(await registry.versions('a')).toEqual([
        [1, 1],
        [2, 2],
      ]);
    });

    test('lists subjects by name, and none for an unknown one', async () => {
      const registry = await open();
      await registry.register('b', '"string"');
      await registry.register('a', '"string"');
      expect(await registry.subjects()).toEqual(['a', 'b']);
      expect(await registry.versions('c')).toEqual([]);
    });

    test('takes schemas longer than any key', async () => {
      const registry = await open();
      const schema = JSON.stringify({ type: 'enum', name: 'E', symbols: ['x'.repeat(5_000)] });
      const id = await registry.register('a', schema);
      expect(await registry.schema(id)).toBe(schema);
    });
  });
}
