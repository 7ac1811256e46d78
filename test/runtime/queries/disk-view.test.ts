import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LocalView } from '../../../runtime/queries/local-view.ts';
import { maxAnswerBytes } from '../../../runtime/queries/store-view.ts';
import { LmdbStateBackend } from '../../../runtime/state/lmdb-backend.ts';
import { rowPrefixBytes, writeRowPrefix } from '../../../runtime/state/row-format.ts';
import type { SchemaCache } from '../../../runtime/engine/schema-cache.ts';
import { primitiveSerde } from '../../../schemas/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-view-'));
const text = { kind: 'string' } as const;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a view of rows on disk', () => {
  let state: LmdbStateBackend;
  let view: LocalView;

  async function write(rows: Readonly<Record<string, string>>, partition = 0): Promise<void> {
    const encoded = Object.entries(rows).map(([key, value]) => {
      const row = Buffer.concat([Buffer.alloc(rowPrefixBytes), Buffer.from(value)]);
      writeRowPrefix(row, 0, 5, false);
      return [Buffer.from(key), row] as const;
    });
    await state.apply([{ store: 's', partition, rows: encoded, position: 1 }], 'i');
  }

  beforeEach(async () => {
    state = await LmdbStateBackend.open({
      stateFolder: folder,
      application: 'a',
      setAside: () => {},
    });
    view = new LocalView({
      plan: {
        name: 's',
        key: text,
        value: text,
        ttl: 'none',
        changelog: 'c',
        sourceBacked: false,
        global: false,
      },
      partitions: 2,
      keyed: false,
      keySerde: primitiveSerde('string'),
      valueSerde: primitiveSerde('string'),
      cache: {} as SchemaCache,
      state,
      held: () =>
        [0, 1].map((partition) => ({
          partition,
          role: 'active',
          staleness: undefined,
          streamTime: undefined,
        })),
      isRestoring: () => false,
      taskOf: (partition) => `t_${partition}`,
    });
  });

  afterEach(async () => {
    await state.close();
    rmSync(join(folder, 'a'), { recursive: true, force: true });
  });

  test('gives what was written, now and after it was opened again', async () => {
    await write({ a: 'one', b: 'two' });
    const check = async (): Promise<void> => {
      expect(await view.get('a')).toMatchObject({ kind: 'found', row: { value: 'one', time: 5 } });
      const { rows } = await view.range({ key: 'b', limit: 5 });
      expect(rows).toMatchObject([{ key: 'b', value: 'two' }]);
      expect((await view.range({ limit: 5 })).rows).toMatchObject([{ key: 'a' }, { key: 'b' }]);
    };
    await check();
    await state.close();
    state = await LmdbStateBackend.open({
      stateFolder: folder,
      application: 'a',
      setAside: () => {},
    });
    Object.assign((view as unknown as { options: object }).options, { state });
    await check();
  });

  test('gives few rows where they are large, and says that there are more', async () => {
    const large = 'x'.repeat(maxAnswerBytes / 4);
    await write({ a: large, c: large, e: large, g: large });
    await write({ b: large, d: large, f: large, h: large }, 1);
    const seen: unknown[] = [];
    for (let after; ;) {
      const { rows, more } = await view.range({ limit: 100, ...(after && { after }) });
      expect(rows.reduce((sum, { value }) => sum + String(value).length, 0)).toBeLessThan(
        2 * maxAnswerBytes,
      );
      seen.push(...rows.map(({ key }) => key));
      if (!more) break;
      after = rows.at(-1);
    }
    expect(seen.join('')).toBe('abcdefgh');
  });
});
