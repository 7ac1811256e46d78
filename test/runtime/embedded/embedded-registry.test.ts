import { afterEach, describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { realClock } from '../log-harness.ts';
import { describeRegistryContract } from '../registry-contract.ts';
import { Child } from './child/process.ts';
import { testFolders } from './folders.ts';

const newFolder = testFolders();
const logs: EmbeddedLog[] = [];

afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.close()));
});

async function open(folder: string): Promise<EmbeddedLog> {
  const log = await openEmbeddedLog({ folder, clock: realClock });
  logs.push(log);
  return log;
}

describeRegistryContract('EmbeddedRegistry', async () => (await open(newFolder())).registry);

describe('EmbeddedRegistry', () => {
  test('keeps schemas and versions over a restart', async () => {
    const folder = newFolder();
    const log = await openEmbeddedLog({ folder, clock: realClock });
    await log.registry.register('a', '"string"');
    await log.close();
    const { registry } = await open(folder);
    expect(await registry.schema(1)).toBe('"string"');
    expect(await registry.register('a', '"int"', { unchecked: true })).toBe(2);
    expect(await registry.versions('a')).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('keeps a subject of as many bytes as a name may have', async () => {
    const { registry } = await open(newFolder());
    const subject = 'ü'.repeat(500);
    await registry.setCompatibility('NONE', subject);
    await registry.register(subject, '"string"');
    await registry.register(subject, '"int"');
    expect(await registry.versions(subject)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test.each([-6, 0, 2 ** 32 - 1, 9_999_999_999])('has no schema %d', async (id) => {
    const { registry } = await open(newFolder());
    expect(await registry.schema(id)).toBeUndefined();
  });

  test('gives no id to a schema that is only looked up', async () => {
    const { registry } = await open(newFolder());
    expect(await registry.idOf({ schema: '"string"', references: [] })).toBeUndefined();
    expect(await registry.register('a', '"int"')).toBe(1);
    expect(await registry.idOf({ schema: '"int"', references: [] })).toBe(1);
  });

  test('gives no id twice over several processes', async () => {
    const folder = newFolder();
    const children = ['a', 'b', 'c'].map(
      (subject) => new Child('./registrar.ts', [folder, subject, '40']),
    );
    await Promise.all(children.map((child) => child.line('done')));
    await Promise.all(children.map((child) => child.end()));
    const { registry } = await open(folder);
    const ids = new Set<number>();
    for (const subject of ['a', 'b', 'c']) {
      const versions = await registry.versions(subject);
      expect(versions.map(([version]) => version)).toEqual(versions.map((_, i) => i + 1));
      expect(versions).toHaveLength(40);
      for (const [version, id] of versions) {
        // Every second schema is shared by all subjects.
        const name = version % 2 === 0 ? 'shared' : subject;
        expect(await registry.schema(id)).toBe(`"${name}-${version}"`);
        ids.add(id);
      }
    }
    expect([...ids].sort((x, y) => x - y)).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
  });
});
