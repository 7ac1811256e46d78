import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pageBytes, parseHead } from '../../../runtime/mapped/head-pages.ts';
import { LmdbStateBackend } from '../../../runtime/state/lmdb-backend.ts';
import { randomOf } from '../embedded/random.ts';
import { damages, overwrite, overwriteSome } from '../mapped/overwrite.ts';

let root: string;
let stateFolder: string;
let notices: { movedTo: string; reason: string }[];
let file: string;
let noteFile: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'millrace-damage-'));
  stateFolder = join(root, 'state');
  file = join(stateFolder, 'app', 'data.mdb');
  noteFile = join(stateFolder, 'app', 'closing.json');
  notices = [];
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function open(): Promise<LmdbStateBackend> {
  return LmdbStateBackend.open({
    stateFolder,
    application: 'app',
    setAside: (notice) => notices.push(notice),
  });
}

const rowCount = 1_000;

/** A closed state of many pages, some of them free, some long rows. */
async function fill(): Promise<void> {
  const backend = await open();
  for (let round = 1; round <= 3; round++) {
    const rows = Array.from({ length: rowCount }, (_, i) => {
      const row = Buffer.alloc(i % 100 === 0 ? 5_000 : 100, round);
      return [Buffer.from(`key-${(i * 7919) % rowCount}`), row] as const;
    });
    await backend.apply([{ store: 's', partition: 0, rows, position: round }], 'log-1');
  }
  await backend.close();
}

function note(): { closed?: { changedMs: number }; doubts?: number } {
  return JSON.parse(readFileSync(noteFile, 'utf8')) as object;
}

/** Every row is there, or none: then it was set aside. */
async function rowsOf(backend: LmdbStateBackend): Promise<number> {
  const count = backend.open('s', 0).count();
  await backend.close();
  return count;
}

/** A leaf that holds rows. */
function leaf(): number {
  const bytes = readFileSync(file);
  const pages = Array.from({ length: bytes.length / pageBytes - 2 }, (_, i) => i + 2);
  const { transaction } = parseHead(bytes);
  return pages.find((page) => {
    const place = bytes.subarray(page * pageBytes, (page + 1) * pageBytes);
    const own = place.readUInt32LE(0) === page && place.readUInt16LE(18) === 2;
    return own && Number(place.readBigUInt64LE(8)) === transaction && place.includes('key-5');
  }) as number;
}

/** What the child says that opens the states in the folders. */
function openInChild(folders: readonly string[]): Promise<readonly string[]> {
  const script = fileURLToPath(new URL('damage-child.ts', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...folders], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', reject);
    child.on('close', () => resolve(said.trimEnd().split('\n')));
  });
}

describe('LmdbStateBackend', () => {
  test.each(damages)('sets a file aside whose middle is overwritten (%s)', async (damage) => {
    await fill();
    const page = leaf();
    overwrite(file, page, damage, randomOf(1), page + 1);
    expect(await rowsOf(await open())).toBe(0);
    expect(notices).toEqual([
      {
        movedTo: join(stateFolder, 'app.corrupt-1'),
        reason: expect.stringMatching(
          new RegExp(`^page (${page}|${page + 1}) of the file "${file}" is overwritten: it holds`),
        ) as string,
      },
    ]);
    expect(await rowsOf(await open())).toBe(0);
    expect(notices).toHaveLength(1);
  });

  test('keeps a file that was copied, or not closed, and trusts it again', async () => {
    await fill();
    utimesSync(file, 5, 5);
    expect(await rowsOf(await open())).toBe(rowCount);
    expect(note()).toMatchObject({ doubts: 0, closed: { changedMs: 5_000 } });
    rmSync(noteFile);
    expect(await rowsOf(await open())).toBe(rowCount);
    writeFileSync(noteFile, '{"doubts":');
    expect(await rowsOf(await open())).toBe(rowCount);
    expect(notices).toEqual([]);
  });

  test('has no stamp on a file that is open', async () => {
    await fill();
    const backend = await open();
    expect(note().closed).toBeUndefined();
    await backend.close();
    expect(note().closed).toBeDefined();
  });

  test('sets a file aside at the second start, if the first died of damage that could not be seen', async () => {
    await fill();
    overwrite(file, leaf(), 'zeros', randomOf(1), 0);
    const { closed } = note();
    const seen = { ...closed, changedMs: statSync(file).mtimeMs };
    writeFileSync(noteFile, JSON.stringify({ doubts: 0, closed: seen }));
    expect(await openInChild([stateFolder])).toEqual(['']);
    expect(await openInChild([stateFolder])).toEqual([
      expect.stringMatching(/^0 set aside: page \d+ of .* is overwritten: it holds no page$/),
      'done',
    ]);
    expect(existsSync(join(stateFolder, 'app.corrupt-1', 'data.mdb'))).toBe(true);
  });

  test('never dies of overwritten pages: all rows are there, or all are set aside', async () => {
    await fill();
    const folders: string[] = [];
    const done: string[] = [];
    for (let seed = 1; seed <= 60; seed++) {
      const folder = join(root, String(seed));
      cpSync(stateFolder, folder, { recursive: true });
      done.push(overwriteSome(join(folder, 'app', 'data.mdb'), randomOf(seed)));
      folders.push(folder);
    }
    const said = await openInChild(folders);
    expect(said.at(-1), `after ${done[said.length]}`).toBe('done');
    for (const [i, line] of said.slice(0, -1).entries()) {
      expect(line, `after ${done[i]}`).toMatch(new RegExp(`^(${rowCount}$|0 set aside: )`));
    }
    expect(said.filter((line) => line.includes('set aside')).length).toBeGreaterThan(20);
    expect(said).toContain(String(rowCount));
  });
});
