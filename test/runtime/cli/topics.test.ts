import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RecordLine } from '../../../runtime/cli/record-view.ts';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { avroSerde, loadCatalog } from '../../../schemas/index.ts';
import { changeSerde } from '../../../runtime/task/change-serde.ts';
import { inProcess } from './in-process.ts';
import { produce, projects, type RawRecord, saidWriter, withDataFolder, words } from './project.ts';

const project = projects();

/** A data folder that `fill` has written to. */
async function dataWith(fill: (log: EmbeddedLog) => Promise<void>): Promise<string> {
  const data = join(project({}), 'data');
  await withDataFolder(data, fill);
  return data;
}

async function read(data: string, topic: string, ...more: string[]): Promise<RecordLine[]> {
  const result = await inProcess('topics', 'read', topic, '--data', data, ...more);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RecordLine);
}

const text = (key: string, value: string, time: number): RawRecord => ({
  key,
  value: Buffer.from(value),
  time,
});

describe('topics list', () => {
  const fill = async (log: EmbeddedLog): Promise<void> => {
    await produce(log, { name: 'b', partitions: 2 }, [text('k', 'v', 1), text('k', 'w', 2)]);
    await log.admin.create({ name: 'a', partitions: 1, cleanup: 'compact', retention: 'forever' });
    await log.admin.create({ name: 'c', partitions: 1, cleanup: 'delete', retention: 172_800_000 });
  };

  test('shows topics by name with partitions, offsets and sizes', async () => {
    const data = await dataWith(fill);
    const { stdout } = await inProcess('topics', '--data', data);
    expect(stdout).toBe(`TOPIC  PARTITIONS  OFFSETS  SIZE  CLEANUP  RETENTION
a               1        0   0 B  compact  -
b               2        2  79 B  delete   forever
c               1        0   0 B  delete   2d
`);
  });

  test('shows partitions with the range of their offsets', async () => {
    const data = await dataWith(async (log) => {
      await fill(log);
      await log.admin.deleteRecords([{ topic: 'b', partition: 0, offset: 1 }]);
    });
    const { stdout } = await inProcess('topics', 'list', '--partitions', '--data', data);
    expect(stdout).toBe(`TOPIC  PARTITION  START  END  SIZE
a              0      0    0   0 B
b              0      1    2  79 B
b              1      0    0   0 B
c              0      0    0   0 B
`);
  });

  test('prints JSON', async () => {
    const data = await dataWith(fill);
    const { stdout } = await inProcess('topics', 'list', '--json', '--data', data);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'a', cleanup: 'compact', retention: 'forever' },
      {
        name: 'b',
        partitions: [
          { partition: 0, start: 0, end: 2, bytes: 79 },
          { partition: 1, start: 0, end: 0, bytes: 0 },
        ],
      },
      { name: 'c', retention: 172_800_000 },
    ]);
  });
});

test('topics says what it has where its command is none', async () => {
  expect(await inProcess('topics', 'frob')).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: "millrace topics" lists, and has the commands "list" and "read", not "frob": ' +
      '"millrace topics read frob" prints the topic of that name\n',
  });
});

describe('topics read', () => {
  const times = (lines: readonly RecordLine[]): number[] => lines.map(({ timestamp }) => timestamp);
  const day = Date.parse('2017-01-31T00:00:00Z');
  const fill = async (log: EmbeddedLog): Promise<void> => {
    const topic = { name: 't', partitions: 3 };
    // Two transactions, so that partitions have several batches.
    await produce(
      log,
      topic,
      Array.from({ length: 6 }, (_, i) => text(`k${i}`, 'v', day + i)),
    );
    await produce(
      log,
      topic,
      Array.from({ length: 6 }, (_, i) => text(`k${i}`, 'v', day + 6 + i)),
    );
  };

  test('prints all records, merged by time over the partitions', async () => {
    const lines = await read(await dataWith(fill), 't');
    expect(times(lines)).toEqual(Array.from({ length: 12 }, (_, i) => day + i));
    expect(new Set(lines.map(({ partition }) => partition)).size).toBeGreaterThan(1);
  });

  test('begins at a time, in the middle of a batch, too', async () => {
    const data = await dataWith(fill);
    const at = (ms: number): string => new Date(day + ms).toISOString();
    for (const ms of [0, 3, 6, 11]) {
      const lines = await read(data, 't', '--from', at(ms));
      expect(times(lines)).toEqual(Array.from({ length: 12 - ms }, (_, i) => day + ms + i));
    }
  });

  test.each([
    ['offset 50', '50'],
    ['2017-01-31T00:00:00.012Z', '2017-01-31T00:00:00.012Z'],
  ])('says so where there is nothing from %s on', async (place, from) => {
    const data = await dataWith(fill);
    expect(
      await inProcess('topics', 'read', 't', '--data', data, '--from', from, '--partition', '1'),
    ).toEqual({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(
        new RegExp(
          `^topic "t" has no records from ${place} on: it ends at offset \\d+ in partition 1\n$`,
        ),
      ),
    });
  });

  test('reads the rows of a changelog as the plan says that ran', async () => {
    const cwd = project(words);
    const data = join(cwd, 'data');
    await withDataFolder(data, async (log) => {
      const write = await saidWriter(log, 'said');
      const said = [1, 2].map((time) => ({ key: 'a', value: write('hello', time) }));
      await produce(log, { name: 'said', partitions: 2 }, said);
    });
    const file = join(cwd, 'words.yaml');
    const { code } = await inProcess('run', file, '--data', data, '--until-caught-up');
    expect(code).toBe(0);
    const rows = await read(data, 'words-counts-changelog');
    expect(rows.map(({ key, value }) => [key, value])).toEqual([['a', 2]]);
    const [raw] = await read(data, 'words-counts-changelog', '--value', 'bytes');
    expect(raw?.value).toEqual({ base64: 'AAAAAAAAAAI=' });
  });

  test('begins at an offset of each partition, the log’s start if that is later', async () => {
    const data = await dataWith(async (log) => {
      await fill(log);
      const ends = await log.ends([0, 1, 2].map((partition) => ({ topic: 't', partition })));
      const [first] = ends.filter(({ end }) => end > 0);
      await log.admin.deleteRecords([{ ...first!, offset: 2 }]);
    });
    const starts = new Map<number, number>();
    for (const { partition, offset } of await read(data, 't', '--from', '1')) {
      if (!starts.has(partition)) starts.set(partition, offset);
    }
    expect([...starts.values()]).toContain(2);
    expect(Math.min(...starts.values())).toBeGreaterThan(0);
  });

  test('reads one partition, and so many records', async () => {
    const data = await dataWith(fill);
    const all = await read(data, 't');
    const { partition } = all[0] as RecordLine;
    const own = all.filter((line) => line.partition === partition);
    expect(await read(data, 't', '--partition', String(partition))).toEqual(own);
    expect(await read(data, 't', '--limit', '5')).toEqual(all.slice(0, 5));
    expect(await read(data, 't', '--limit', '0')).toEqual([]);
  });

  test.each([
    ['topic', ['nothing'], /^error: there is no topic "nothing": "millrace topics" lists them\n$/],
    ['topic, nearly written', ['wrods'], /^error: there is no topic "wrods": did you mean "words"/],
    ['partition', ['words', '--partition', '3'], /has no partition 3: it has 3, counted from 0\n$/],
  ])('explains an unknown %s', async (_, args, said) => {
    const data = await dataWith(async (log) => {
      const name = 'words';
      await log.admin.create({ name, partitions: 3, cleanup: 'delete', retention: 'forever' });
    });
    const result = await inProcess('topics', 'read', ...args, '--data', data);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(said);
  });
});

describe('topics read, values', () => {
  const topic = { name: 't', partitions: 1 };
  const shown = async (value: Buffer | null, ...more: string[]): Promise<unknown> => {
    const data = await dataWith((log) => produce(log, topic, [{ key: 'k', value }]));
    return (await read(data, 't', ...more))[0]?.value;
  };
  const reason =
    'neither Avro with a schema id nor text: say --key or --value with its type if you know it';
  const seven = Buffer.from([0, 0, 0, 0, 0, 0, 0, 7]);

  test.each<[string, Buffer | null, unknown]>([
    ['a tombstone', null, null],
    ['nothing', Buffer.alloc(0), ''],
    ['text', Buffer.from('a "b" ✓'), 'a "b" ✓'],
    ['a JSON object', Buffer.from('{"a":[1]}'), { a: [1] }],
    ['what only begins like JSON', Buffer.from('{a}'), '{a}'],
    ['text that is a number', Buffer.from('12'), '12'],
    ['bytes', Buffer.from([0xff, 1]), { base64: '/wE=', reason }],
    ['a long, which only looks like Avro', seven, { base64: 'AAAAAAAAAAc=', reason }],
    [
      'Avro of an unknown schema',
      Buffer.from([0, 0, 0, 0, 9, 1]),
      { base64: 'AAAAAAkB', reason: 'the schema registry does not know schema 9' },
    ],
  ])('shows %s', async (_, value, expected) => {
    expect(await shown(value)).toEqual(expected);
  });

  test.each<[string, Buffer, unknown]>([
    ['long', seven, 7],
    ['json', Buffer.from('12'), 12],
    ['string', Buffer.from('12'), '12'],
    ['bytes', Buffer.from('12'), { base64: 'MTI=' }],
    [
      'int',
      seven,
      {
        base64: 'AAAAAAAAAAc=',
        reason: 'cannot read int: it takes 4 bytes, but there are 8',
      },
    ],
  ])('reads it as %s when asked to', async (type, value, expected) => {
    expect(await shown(value, '--value', type)).toEqual(expected);
  });

  test('shows Avro through the registry, bytes and numbers that JSON lacks included', async () => {
    const schema = `{"type":"record","name":"x.R","fields":[{"name":"b","type":"bytes"},{"name":"d","type":"double"},{"name":"l","type":"long"}]}`;
    const data = await dataWith(async (log) => {
      const schemaId = await log.registry.register('t-value', schema);
      const { catalog } = loadCatalog([{ file: 'r.avsc', text: schema }]);
      const resolver = { schemaText: () => undefined };
      const serde = avroSerde(catalog, 'x.R', { schemaId, resolver });
      const buffer = Buffer.alloc(100);
      const value = { b: Buffer.from('hi'), d: Number.NaN, l: 2 ** 53 - 1 };
      const end = serde.write(value, buffer, 0);
      const whole = Buffer.from(buffer.subarray(0, end));
      await produce(log, topic, [
        { key: 'whole', value: whole },
        { key: 'cut', value: whole.subarray(0, end - 1) },
        { key: 'long', value: Buffer.concat([whole, Buffer.alloc(2)]) },
      ]);
    });
    const lines = await read(data, 't');
    expect(lines.map(({ value }) => value)).toEqual([
      { b: { base64: 'aGk=' }, d: 'NaN', l: 2 ** 53 - 1 },
      {
        base64: expect.any(String) as string,
        reason: 'cannot read x.R: the bytes end in the middle of the value',
      },
      {
        base64: expect.any(String) as string,
        reason: 'cannot read x.R: 2 bytes are left over after the value',
      },
    ]);
  });

  test('shows both halves of a change in a repartition topic', async () => {
    const name = 'app-x-repartition';
    const data = await dataWith(async (log) => {
      const write = await saidWriter(log, name);
      const inner = {
        write: (value: unknown, buffer: Buffer, position: number) =>
          position + write(value as string, 5).copy(buffer, position),
        read: () => undefined,
      };
      const serde = changeSerde(inner);
      const buffer = Buffer.alloc(100);
      const change = (old: unknown, value: unknown): Buffer =>
        Buffer.from(buffer.subarray(0, serde.write({ old, value }, buffer, 0)));
      await produce(log, { name, partitions: 1 }, [
        { key: 'k', value: change('a', 'b') },
        { key: 'k', value: change(null, 'b') },
        { key: 'k', value: change('a', undefined) },
        { key: 'k', value: write('plain', 6) },
      ]);
    });
    expect((await read(data, name)).map(({ value }) => value)).toEqual([
      { old: { word: 'a', at: 5 }, new: { word: 'b', at: 5 } },
      { old: null, new: { word: 'b', at: 5 } },
      { old: { word: 'a', at: 5 } },
      { word: 'plain', at: 6 },
    ]);
  });

  test('shows headers by name, repeated ones as a list', async () => {
    const data = await dataWith((log) =>
      produce(log, topic, [
        {
          key: 'k',
          value: null,
          headers: [
            ['trace', Buffer.from('a')],
            ['trace', null],
            ['raw', Buffer.from([0xff])],
          ],
        },
      ]),
    );
    expect((await read(data, 't'))[0]?.headers).toEqual({
      trace: ['a', null],
      raw: { base64: '/w==' },
    });
  });
});
