import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTopics, startApplication } from '../../../runtime/index.ts';
import { lineLogger } from '../../../runtime/logger.ts';

const topology = `
application: places
schemas: .
streams:
  places: { topic: places, key: string, value: geo.Place, partitions: 3 }
  kept:   { topic: kept, key: string, value: geo.Place, partitions: 3 }
stages:
  keep: { from: places, filter: value.size > 0, to: kept }
`;

function schema(fields: readonly unknown[]): string {
  return JSON.stringify({ type: 'record', namespace: 'geo', name: 'Place', fields });
}

describe('openTopics', () => {
  let folder: string;
  let file: string;
  let data: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'millrace-topics-'));
    file = join(folder, 'places.yaml');
    data = join(folder, 'data');
    writeFileSync(file, topology);
    writeFileSync(join(folder, 'place.avsc'), schema([{ name: 'size', type: 'int' }]));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('reads what it sent, since the last read, with keys and values decoded', async () => {
    const topics = await openTopics({ topology: file, data });
    await topics.send('places', { key: 'a', value: { size: 1 }, time: 5 });
    const first = await topics.read('places');
    expect(first.map(({ key, value, time }) => [key, { ...(value as object) }, time])).toEqual([
      ['a', { size: 1 }, 5],
    ]);
    await topics.send('places', { key: 'a', value: null, time: 6 });
    expect((await topics.read('places')).map(({ value }) => value)).toEqual([null]);
    await topics.close();
  });

  test('sends a value that is larger than any before', async () => {
    writeFileSync(join(folder, 'place.avsc'), schema([{ name: 'name', type: 'string' }]));
    writeFileSync(file, topology.replace('value.size > 0', 'value.name != ""'));
    const topics = await openTopics({ topology: file, data });
    const name = 'x'.repeat(200_000);
    await topics.send('places', { key: 'a', value: { name } });
    const [read] = await topics.read('places');
    expect(JSON.stringify(read?.value) === JSON.stringify({ name })).toBe(true);
    await topics.close();
  });

  test('sends records though the file has a store that the application has not run with', async () => {
    const topics = await openTopics({ topology: file, data });
    await topics.send('places', { key: 'a', value: { size: 1 } });
    const ran = await startApplication({ topology: file, data, logger: lineLogger(() => {}) });
    await expect.poll(() => ran.caughtUp(), { timeout: 10_000 }).toBe(true);
    await ran.close();
    writeFileSync(
      file,
      `${topology}  once: { from: places, dedupe: { by: value.size, compare: value, retention: 1h, conflict: dead-letter }, drop: [out] }\n`,
    );
    const anew = await openTopics({ topology: file, data });
    await anew.send('places', { key: 'b', value: { size: 2 } });
    expect((await anew.read('kept')).map(({ key }) => key)).toEqual(['a']);
    await anew.close();
    await topics.close();
  });

  test('appends all records of a call or none', async () => {
    const topics = await openTopics({ topology: file, data });
    const sent = topics.send('places', { key: 'a', value: { size: 1 } }, { key: 'b', value: {} });
    await expect(sent).rejects.toMatchObject({ name: 'SerdeError' });
    expect(await topics.read('places')).toEqual([]);
    await topics.close();
  });

  test.each([Number.NaN, 1.5, 1e300, '12', new Date(12)])(
    'refuses a time that is none, which would damage the topic: %s',
    async (time) => {
      const topics = await openTopics({ topology: file, data });
      const bad = { key: 'a', value: { size: 1 }, time: time as number };
      await expect(topics.send('places', { ...bad, time: 1 }, bad)).rejects.toMatchObject({
        code: 'RECORD_TIME',
      });
      expect(await topics.read('places')).toEqual([]);
      await topics.close();
    },
  );

  test('feeds an application that runs at the same time, twice in one process', async () => {
    const application = await startApplication({
      topology: file,
      data,
      logger: lineLogger(() => {}),
    });
    const one = await openTopics({ topology: file, data });
    const two = await openTopics({ topology: file, data });
    await one.send('places', { key: 'a', value: { size: 1 } }, { key: 'b', value: { size: 0 } });
    await two.send('places', { key: 'c', value: { size: 2 } });
    await expect.poll(() => application.caughtUp(), { timeout: 10_000 }).toBe(true);
    const kept = (await one.read('kept')).map(({ key }) => key);
    expect(kept.toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual(['a', 'c']);
    await Promise.all([one.close(), two.close()]);
    await application.close();
  });

  test('reads records of an older schema', async () => {
    const before = await openTopics({ topology: file, data });
    await before.send('places', { key: 'a', value: { size: 1 } });
    await before.close();
    const fields = [
      { name: 'size', type: 'long' },
      { name: 'name', type: 'string', default: 'none' },
    ];
    writeFileSync(join(folder, 'place.avsc'), schema(fields));
    const after = await openTopics({ topology: file, data });
    const [record] = await after.read('places');
    expect({ ...(record?.value as object) }).toEqual({ size: 1, name: 'none' });
    await after.close();
  });

  test('tells of a bad file its mistakes alone, without a stack', async () => {
    const bad = join(folder, 'bad.yaml');
    writeFileSync(bad, 'application: a\nstreams: [\n');
    const error: unknown = await openTopics({ topology: bad, data }).catch((it: unknown) => it);
    expect(error).toMatchObject({ name: 'TopologyError', code: 'TOPOLOGY_PROBLEMS' });
    const { message, stack } = error as Error;
    expect(message).toMatch(/bad\.yaml:\d+:\d+ error\[E001\]/);
    expect(stack).toBe(`TopologyError: ${message}`);
    expect(Object.keys(error as object)).toEqual(['code', 'place', 'name']);
  });

  test('names a stream that the file does not declare', async () => {
    const topics = await openTopics({ topology: file, data });
    await expect(topics.send('no such', { key: 'a' })).rejects.toMatchObject({
      code: 'TOPIC_UNKNOWN',
      message: 'there is no stream, table or topic "no such"',
    });
    await topics.close();
  });
});
