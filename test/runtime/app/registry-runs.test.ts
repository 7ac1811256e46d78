import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Application, startApplication } from '../../../runtime/app/application.ts';
import { openTopics, type Topics } from '../../../runtime/app/open-topics.ts';
import type { RegistryChoice } from '../../../runtime/app/runner-file-registry.ts';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import { lockText, pullLock } from '../../../runtime/registry/lock-file.ts';
import { RegistryServer } from '../../../runtime/registry/registry-server.ts';
import { compileServeOptions } from '../../../runtime/registry/serve-options.ts';
import { eventually } from '../../broker/eventually.ts';
import { projects, words } from '../cli/project.ts';

const project = projects();
const newer = (words['schemas/said.avsc'] as string).replace(
  '"fields": [',
  '"fields": [ { "name": "mood", "type": "string", "default": "calm" },',
);

let folder: string;
let data: string;
let registry: MemoryRegistry;
let server: RegistryServer;
let choice: RegistryChoice & { readonly url: { readonly url: string } };
const lines: string[] = [];
const open: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  folder = project({
    ...words,
    'newer/schemas/said.avsc': newer,
    'newer/words.yaml': words['words.yaml'] as string,
    'newer/processors/shout.ts': words['processors/shout.ts'] as string,
    'newer/package.json': words['package.json'] as string,
  });
  data = join(folder, 'data');
  registry = new MemoryRegistry();
  server = await RegistryServer.listen(registry, compileServeOptions({ port: 0 }));
  choice = { url: { url: server.url, patience: '200ms', timeout: '2s' } };
  lines.length = 0;
});

afterEach(async () => {
  for (const it of open.splice(0).toReversed()) await it.close();
  await server.close();
});

async function start(with_: RegistryChoice = choice): Promise<Application> {
  const application = await startApplication({
    topology: join(folder, 'words.yaml'),
    data,
    registry: with_,
    logger: { log: (_, message) => void lines.push(message) },
  });
  open.push(application);
  return application;
}

async function topics(file: string, used: RegistryChoice = choice): Promise<Topics> {
  const opened = await openTopics({
    topology: join(folder, file),
    data,
    ...(used.url === undefined ? {} : { registry: { url: used.url } }),
  });
  open.push(opened);
  return opened;
}

/** Reads until `count` shouted words are there. */
async function shouted(from: Topics, count: number): Promise<readonly string[]> {
  const found: string[] = [];
  await eventually(
    `${count} words are shouted`,
    async () => {
      for (const { value } of await from.read('shouted')) {
        found.push((value as { word: string }).word);
      }
      return found.length >= count || undefined;
    },
    20_000,
  );
  return found.sort();
}

async function writeLockFile(): Promise<void> {
  const lock = await pullLock(registry, server.url, await registry.subjects());
  writeFileSync(join(folder, 'schemas/schemas.lock.json'), lockText(lock));
}

async function restart(): Promise<void> {
  const port = Number(new URL(server.url).port);
  server = await RegistryServer.listen(registry, compileServeOptions({ port }));
}

describe('an application with a registry by URL', () => {
  test('registers its schemas there, and reads what a newer writer wrote without a restart', async () => {
    await start();
    const [older, writer] = [await topics('words.yaml'), await topics('newer/words.yaml')];
    await older.send('said', { key: 'a', value: { word: 'one', at: 1 } });
    await writer.send('said', { key: 'a', value: { word: 'two', at: 2, mood: 'glad' } });
    expect(await shouted(older, 2)).toEqual(['ONE', 'TWO']);
    expect(await registry.versions('said-value')).toHaveLength(2);
    expect(await registry.subjects()).toEqual(['said-value', 'shouted-value']);
  });

  test('waits with records of a schema that it cannot ask for, and goes on when it can', async () => {
    await start();
    const [older, writer] = [await topics('words.yaml'), await topics('newer/words.yaml')];
    await older.send('said', { key: 'a', value: { word: 'one', at: 1 } });
    expect(await shouted(older, 1)).toEqual(['ONE']);
    // Its schema is registered; the application has not met it.
    await writer.send('said');
    await server.close();
    await writer.send('said', { key: 'a', value: { word: 'two', at: 2, mood: 'glad' } });
    await eventually(
      'it says that partitions wait',
      async () => lines.some((line) => line.startsWith('partitions wait')) || undefined,
      20_000,
    );
    expect(await older.read('words.dead-letters')).toEqual([]);
    await restart();
    expect(await shouted(older, 1)).toEqual(['TWO']);
    expect(await older.read('words.dead-letters')).toEqual([]);
    expect(lines).toContain('the schema registry answers again');
  });

  test('does not start while the registry is down, and says why', async () => {
    await server.close();
    await expect(start()).rejects.toMatchObject({
      code: 'REGISTRY_UNAVAILABLE',
      message: `the schema registry at ${server.url} cannot be used: ECONNREFUSED. Check that it runs and that registry.url is right`,
    });
  });

  test('does not start where the registry refuses the schema of a sink', async () => {
    await registry.register('shouted-value', '{"type":"record","name":"text.Said","fields":[]}');
    await expect(start()).rejects.toMatchObject({ code: 'SCHEMA_REFUSED' });
  });
});

describe('an application with a lock file', () => {
  test('says what the registry has that the lock has not', async () => {
    await topics('words.yaml').then((opened) => opened.send('said'));
    await registry.register(
      'said-value',
      JSON.stringify(JSON.parse(words['schemas/said.avsc'] as string)),
    );
    await writeLockFile();
    await registry.register('said-value', JSON.stringify(JSON.parse(newer)));
    await start();
    expect(lines.filter((line) => line.includes('schemas pull'))).toEqual([
      expect.stringContaining('"said-value" has version 2 in the registry, which ') as string,
    ]);
  });

  test('does not start with the lock of another registry', async () => {
    await registry.register(
      'said-value',
      JSON.stringify(JSON.parse(words['schemas/said.avsc'] as string)),
    );
    await writeLockFile();
    await server.close();
    registry = new MemoryRegistry();
    await registry.register('said-value', '"string"');
    await restart();
    await expect(start()).rejects.toMatchObject({ code: 'LOCK_MISMATCH' });
  });

  test("says that it does not compare the lock of a registry with the log's own", async () => {
    await registry.register(
      'said-value',
      JSON.stringify(JSON.parse(words['schemas/said.avsc'] as string)),
    );
    await writeLockFile();
    await start({});
    expect(lines.filter((line) => line.includes('schemas.lock.json'))).toEqual([
      expect.stringContaining(
        `is of the registry at ${server.url}, and the log's own is used: they are not compared. `,
      ) as string,
    ]);
  });

  test('runs on it alone where there is no registry', async () => {
    await registry.register('unrelated', '"string"');
    await topics('newer/words.yaml').then((opened) =>
      opened.send('said', { key: 'a', value: { word: 'one', at: 1, mood: 'x' } }),
    );
    const text = JSON.stringify(JSON.parse(words['schemas/said.avsc'] as string));
    await registry.setCompatibility('NONE');
    await registry.register('said-value', text);
    await registry.register('shouted-value', text);
    await writeLockFile();
    const reader = await topics('words.yaml');
    expect(await reader.read('shouted')).toEqual([]);
    await server.close();
    await start({ ...choice, offline: true });
    expect(await shouted(reader, 1)).toEqual(['ONE']);
  });

  test('does not start offline where the lock lacks the schema of a sink', async () => {
    await registry.register(
      'said-value',
      JSON.stringify(JSON.parse(words['schemas/said.avsc'] as string)),
    );
    await writeLockFile();
    await expect(start({ offline: true })).rejects.toMatchObject({ code: 'LOCK_LACKS' });
  });

  test('does not start offline without one', async () => {
    await expect(start({ offline: true })).rejects.toMatchObject({ code: 'LOCK_MISSING' });
  });
});
