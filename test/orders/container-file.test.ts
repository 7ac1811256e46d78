import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avsc from 'avsc';
import type { Schema } from 'avsc';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ContainerFile } from '../../runtime/orders/container-file.ts';
import type { FilePlace } from '../../runtime/orders/container-file.ts';

interface Row {
  readonly id: string;
  readonly amount: number;
}

const schema = {
  type: 'record',
  name: 'Row',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'amount', type: 'long' },
  ],
} satisfies Schema;
const rows: readonly Row[] = Array.from({ length: 100 }, (_, i) => ({
  id: `row-${i}`,
  amount: (i - 50) * 1_000_000_007,
}));

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'container-'));
  path = join(folder, 'rows.avro');
});
afterEach(() => rm(folder, { recursive: true }));

/** Blocks of about ten rows each. */
async function write(codec: string, of: Schema = schema, values: readonly unknown[] = rows) {
  const encoder = avsc.createFileEncoder(path, avsc.Type.forSchema(of), { codec, blockSize: 128 });
  for (const value of values) encoder.write(value);
  await new Promise<void>((resolve) => encoder.end(resolve));
  await expect.poll(async () => (await readFile(path)).length).toBeGreaterThan(0);
}

async function readAll(
  file: ContainerFile<Row>,
  from: FilePlace = file.start,
): Promise<{ values: Row[]; places: FilePlace[] }> {
  const values: Row[] = [];
  const places: FilePlace[] = [];
  for await (const chunk of file.chunks(from, 7)) {
    expect(chunk.values.length).toBeLessThanOrEqual(7);
    values.push(...chunk.values);
    places.push(chunk.next);
  }
  return { values, places };
}

const open = (of: Schema = schema) => ContainerFile.open<Row>(path, of);

describe('ContainerFile', () => {
  test.each(['null', 'deflate'])('reads every record of a file with codec %s', async (codec) => {
    await write(codec);
    const file = await open();
    expect((await readAll(file)).values).toEqual(rows);
    await file.close();
  });

  test('goes on from every place that it gave', async () => {
    await write('deflate');
    const file = await open();
    const { places } = await readAll(file);
    expect(new Set(places.map(({ block }) => block)).size).toBeGreaterThan(5);
    let done = 0;
    for await (const { values, next } of file.chunks(file.start, 7)) {
      done += values.length;
      expect((await readAll(file, next)).values).toEqual(rows.slice(done));
    }
    await file.close();
  });

  test('resolves records to the reader’s schema', async () => {
    await write('null');
    const file = await open({ ...schema, fields: [{ name: 'id', type: 'string' }] });
    expect((await readAll(file)).values[3]).toEqual({ id: 'row-3' });
    await file.close();
  });

  test('has the identity of its copies', async () => {
    await write('null');
    const first = await open();
    const copy = join(folder, 'copy.avro');
    await writeFile(copy, await readFile(path));
    const second = await ContainerFile.open<Row>(copy, schema);
    expect(second.identity).toBe(first.identity);
    expect(first.identity).toMatch(/^[0-9a-f]{32}$/);
    await Promise.all([first.close(), second.close()]);
  });

  test('refuses a file that does not exist', async () => {
    await expect(open()).rejects.toThrow(`file "${path}" does not exist`);
  });

  test('refuses a file that is no container', async () => {
    await writeFile(path, 'a,b,c\n');
    await expect(open()).rejects.toThrow(`file "${path}" is no Avro object container file`);
  });

  test('refuses records that lack what the reader needs', async () => {
    const other: Schema = { ...schema, fields: [{ name: 'id', type: 'string' }] };
    await write('null', other, [{ id: 'a' }]);
    await expect(open()).rejects.toMatchObject({ code: 'INPUT_FILE' });
  });

  test('gives the records before the byte at which the file ends too early', async () => {
    await write('deflate');
    const { length } = await readFile(path);
    await truncate(path, length - 40);
    const file = await open();
    const got: Row[] = [];
    const reading = async (): Promise<void> => {
      for await (const { values } of file.chunks(file.start, 7)) got.push(...values);
    };
    await expect(reading()).rejects.toThrow(
      /is damaged or ends too early at byte \d+: get a fresh copy/,
    );
    expect(got.length).toBeGreaterThan(50);
    expect(got).toEqual(rows.slice(0, got.length));
    await file.close();
  });
});
