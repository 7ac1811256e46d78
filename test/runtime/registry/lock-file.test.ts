import { describe, expect, test } from 'vitest';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import {
  lockChanges,
  lockText,
  parseLock,
  pullLock,
  verifyLock,
} from '../../../runtime/registry/lock-file.ts';
import { LockedRegistry } from '../../../runtime/registry/locked-registry.ts';
import { record } from '../registry-contract.ts';

async function filled(): Promise<MemoryRegistry> {
  const registry = new MemoryRegistry();
  await registry.register('b', record('x'));
  await registry.register('a', record('x'));
  await registry.register('a', record('x', 'y?'));
  await registry.setCompatibility('FULL', 'a');
  return registry;
}

describe('a lock', () => {
  test('is the same after it was written and read, and its text always the same', async () => {
    const registry = await filled();
    const readers = new Map([
      ['a', new Map([['R', record('x')]])],
      ['nobody', new Map([['R', record('x', 'z')]])],
    ]);
    const lock = await pullLock(registry, 'http://r', ['a', 'b', 'nobody'], readers);
    const text = lockText(lock);
    expect(parseLock(text, 'l')).toEqual(lock);
    const turned = new Map([...readers].toReversed());
    expect(lockText(await pullLock(registry, 'http://r', ['b', 'a', 'b'], turned))).toBe(text);
    expect([...lock.subjects.keys()]).toEqual(['a', 'b']);
  });

  test('keeps the digits of a default beyond 2^53', async () => {
    const registry = new MemoryRegistry();
    const long = '{"name":"l","type":"long","default":9223372036854775807}';
    const id = await registry.register('a', `{"type":"record","name":"R","fields":[${long}]}`);
    const text = lockText(await pullLock(registry, undefined, ['a']));
    expect(text).toContain('"default": 9223372036854775807');
    expect(parseLock(text, 'l').schemas.get(id)).toContain(long);
  });

  test.each([
    ['{', 'it is no JSON'],
    ['null', 'it is no lock file of this version of Millrace'],
    ['{"lock":2}', 'it is no lock file of this version of Millrace'],
    ['{"lock":1,"subjects":{"a":{}}}', 'subject "a" has no mode that is known'],
    [
      '{"lock":1,"subjects":{"a":{"mode":"FULL","versions":{"1":7}}}}',
      'it has no schema 7, of subject "a"',
    ],
    ['{"lock":1,"registry":7}', 'registry is no URL'],
    ['{"lock":1,"subjects":[]}', 'subjects is no map'],
    ['{"lock":1,"subjects":{"a":null}}', 'subject "a" is no map'],
    [
      '{"lock":1,"subjects":{"a":{"mode":"FULL","versions":5}}}',
      'versions of subject "a" are no map',
    ],
    [
      '{"lock":1,"subjects":{"a":{"mode":"FULL","versions":{"one":1}}},"schemas":{"1":"int"}}',
      '"one" is no version, of subject "a"',
    ],
    ['{"lock":1,"schemas":5}', 'schemas is no map'],
    ['{"lock":1,"schemas":{"x":"int"}}', '"x" is no id of a schema'],
    [
      '{"lock":1,"schemas":{"1":"lnog"}}',
      'schema 1 is no Avro ("lnog" is a type that the schema does not define)',
    ],
    ['{"lock":1,"schemas":{"1":null}}', 'schema 1 is no Avro'],
    ['{"lock":1,"readers":[]}', 'readers is no map'],
    ['{"lock":1,"readers":{"a":1}}', 'readers of subject "a" are no map'],
    ['{"lock":1,"readers":{"a":{"R":1}}}', 'it has no schema 1, of reader R of subject "a"'],
    ['{"lock":1,"readers":{"a":{"R":"lnog"}}}', 'reader R of subject "a" is no Avro'],
  ])('is refused as %s', (text, why) => {
    expect(() => parseLock(text, 'l.json')).toThrow(`l.json cannot be used: ${why}`);
  });

  test('says what changed', async () => {
    const registry = await filled();
    const older = await pullLock(registry, undefined, ['a', 'b']);
    expect(lockChanges(older, older)).toEqual([]);
    await registry.register('a', record('x', 'y?', 'z?'));
    await registry.softDelete('a', 1);
    await registry.softDelete('b');
    await registry.setCompatibility('NONE', 'a');
    expect(lockChanges(older, await pullLock(registry, 'http://r', ['a', 'b']))).toEqual([
      'a: version 3 is new (id 3)',
      'a: version 1 is gone',
      'a: the mode is NONE, not FULL',
      'b is gone',
      'it is of http://r now',
    ]);
  });
});

describe('verifyLock', () => {
  test('says what the lock lacks, and what the registry lacks', async () => {
    const registry = await filled();
    const lock = await pullLock(registry, undefined, ['a', 'b']);
    expect(await verifyLock({ lock, file: 'l' }, registry)).toEqual([]);
    await registry.register('a', record('x', 'y?', 'z?'));
    await registry.softDelete('b');
    expect(await verifyLock({ lock, file: 'l' }, registry)).toEqual([
      '"a" has version 3 in the registry, which l has not: do "millrace schemas pull", and check',
      '"b" is in l, and not in the registry',
    ]);
  });

  test('says which subjects in use it lacks altogether, where the registry has them', async () => {
    const registry = await filled();
    const lock = await pullLock(registry, undefined, ['a']);
    expect(await verifyLock({ lock, file: 'l' }, registry, ['a', 'b', 'nobody'])).toEqual([
      '"b" has version 1 in the registry, which l has not: do "millrace schemas pull", and check',
    ]);
  });

  test('says which versions the registry lacks', async () => {
    const registry = await filled();
    const lock = await pullLock(registry, undefined, ['a']);
    await registry.softDelete('a', 1);
    expect(await verifyLock({ lock, file: 'l' }, registry)).toEqual([
      'version 1 of "a" is in l, and not in the registry: do "millrace schemas pull", and check',
    ]);
  });

  test('refuses a registry that has another schema as a version', async () => {
    const lock = await pullLock(await filled(), undefined, ['a']);
    const other = new MemoryRegistry();
    await other.register('a', '"string"');
    await expect(verifyLock({ lock, file: 'l' }, other)).rejects.toMatchObject({
      code: 'LOCK_MISMATCH',
    });
  });
});

describe('LockedRegistry', () => {
  async function locked(): Promise<LockedRegistry> {
    const lock = await pullLock(await filled(), undefined, ['a', 'b']);
    return new LockedRegistry({ lock, file: 'l', own: new MemoryRegistry(), ownFrom: 1000 });
  }

  test('gives what the lock has, and takes nothing new', async () => {
    const registry = await locked();
    expect(await registry.register('a', record('x'))).toBe(1);
    // White space and the order of keys are no difference.
    const spaced = JSON.stringify(JSON.parse(record('x', 'y?')), null, 2);
    expect(await registry.register('a', spaced)).toBe(2);
    expect(await registry.schema(2)).toBe(record('x', 'y?'));
    expect(await registry.versions('b')).toEqual([[1, 1]]);
    expect(await registry.schema(3)).toBeUndefined();
    await expect(registry.register('a', '"int"')).rejects.toMatchObject({ code: 'LOCK_LACKS' });
    await expect(registry.register('c', '"int"')).rejects.toMatchObject({ code: 'LOCK_LACKS' });
  });

  test("keeps the application's own beside it, under other ids", async () => {
    const registry = await locked();
    expect(await registry.register('app-store-changelog-value', '"int"', { unchecked: true })).toBe(
      1001,
    );
    expect(await registry.versions('app-store-changelog-value')).toEqual([[1, 1001]]);
    expect(await registry.schema(1001)).toBe('"int"');
    expect(await registry.subjects()).toEqual(['a', 'app-store-changelog-value', 'b']);
  });
});
