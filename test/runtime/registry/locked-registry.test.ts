import { describe, expect, test } from 'vitest';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import { pullLock } from '../../../runtime/registry/lock-file.ts';
import { LockedRegistry } from '../../../runtime/registry/locked-registry.ts';

const x = '{"name":"x","type":"string"}';
const y = '{"name":"y","type":"string"}';
const point = (...fields: readonly string[]): string =>
  `{"type":"record","name":"shop.Point","fields":[${fields.join(',')}]}`;

/** What is locked of a registry whose subject has this schema. */
async function lockedWith(schema: string): Promise<LockedRegistry> {
  const registry = new MemoryRegistry();
  await registry.register('points-value', schema);
  const lock = await pullLock(registry, undefined, ['points-value']);
  return new LockedRegistry({
    lock,
    file: 'schemas.lock.json',
    own: new MemoryRegistry(),
    ownFrom: 1000,
  });
}

describe('LockedRegistry', () => {
  test('gives the id of the schema as another program spelled it', async () => {
    const spelled = `{"namespace":"shop","name":"Point","type":"record","fields":[${x}, ${y}]}`;
    const registry = await lockedWith(spelled);
    expect(await registry.register('points-value', point(x, y))).toBe(1);
  });

  test('gives no id of a schema whose fields stand in another order: readers would swap them', async () => {
    const registry = await lockedWith(point(y, x));
    await expect(registry.register('points-value', point(x, y))).rejects.toMatchObject({
      code: 'LOCK_LACKS',
    });
  });

  test('keeps what is of the application alone beside the lock, under ids of its own', async () => {
    const registry = await lockedWith(point(x));
    const id = await registry.register('app-store-changelog-value', point(y), { unchecked: true });
    expect(id).toBe(1001);
    expect(await registry.schema(1001)).toBe(point(y));
    expect(await registry.versions('app-store-changelog-value')).toEqual([[1, 1001]]);
  });
});
