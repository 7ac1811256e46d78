import { describe, expect, test } from 'vitest';
import type { ManagedRegistry } from '../../runtime/ports.ts';

/** The contract of a schema registry. */
export function describeRegistryContract(name: string, open: () => Promise<ManagedRegistry>): void {
  describe(`${name}: registry contract`, () => {
    test('gives ids above 0 and gives the schema back', async () => {
      const registry = await open();
      const text = await registry.register('orders-value', '"string"');
      const long = await registry.register('orders-key', '"long"');
      expect(Math.min(text, long)).toBeGreaterThan(0);
      expect(await registry.schema(text)).toBe('"string"');
      expect(await registry.schema(long)).toBe('"long"');
      expect(await registry.schema(2 ** 31 - 1)).toBeUndefined();
    });

    test('gives one schema one id in all subjects', async () => {
      const registry = await open();
      const text = await registry.register('a', '"string"');
      expect(await registry.register('b', '"string"')).toBe(text);
      const int = await registry.register('b', '"int"', { unchecked: true });
      expect(int).not.toBe(text);
      expect(await registry.versions('a')).toEqual([[1, text]]);
      expect(await registry.versions('b')).toEqual([
        [1, text],
        [2, int],
      ]);
    });

    test('adds no version for a schema that the subject has', async () => {
      const registry = await open();
      const text = await registry.register('a', '"string"');
      const int = await registry.register('a', '"int"', { unchecked: true });
      expect(await registry.register('a', '"string"')).toBe(text);
      expect(await registry.versions('a')).toEqual([
        [1, text],
        [2, int],
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
