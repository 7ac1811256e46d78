import { spawn } from 'node:child_process';
import {
  mkdtempSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LmdbStateBackend } from '../../../runtime/state/lmdb-backend.ts';

let stateFolder: string;
let opened: LmdbStateBackend[] = [];
let notices: { movedTo: string; reason: string }[] = [];
const file = (): string => join(stateFolder, 'app', 'data.mdb');

beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'millrace-lmdb-'));
  opened = [];
  notices = [];
});

afterEach(async () => {
  for (const backend of opened) await backend.close();
  rmSync(stateFolder, { recursive: true, force: true });
});

async function openBackend(): Promise<LmdbStateBackend> {
  const backend = await LmdbStateBackend.open({
    stateFolder,
    application: 'app',
    setAside: (notice) => notices.push(notice),
  });
  opened.push(backend);
  return backend;
}

async function closeBackend(backend: LmdbStateBackend): Promise<void> {
  opened = opened.filter((b) => b !== backend);
  await backend.close();
}

async function fill(backend: LmdbStateBackend, count: number): Promise<void> {
  const rows = Array.from(
    { length: count },
    (_, i) => [Buffer.from(`key-${i}`), Buffer.alloc(100, i % 251)] as const,
  );
  await backend.apply([{ store: 's', partition: 0, rows, position: count }], 'log-1');
}

describe('LmdbStateBackend', () => {
  test('sets a file aside that is none of its own, and says so', async () => {
    mkdirSync(join(stateFolder, 'app'));
    writeFileSync(file(), Buffer.alloc(20_000, 'not a database '));
    const backend = await openBackend();
    expect(notices).toEqual([
      {
        movedTo: join(stateFolder, 'app.corrupt-1'),
        reason: `the file "${file()}" does not begin like one of LMDB`,
      },
    ]);
    expect(backend.open('s', 0).position()).toBeUndefined();
    await fill(backend, 3);
    expect(backend.open('s', 0).count()).toBe(3);
    expect(readdirSync(stateFolder).toSorted()).toEqual(['app', 'app.corrupt-1']);
  });

  test('sets a file aside that is cut within its head', async () => {
    const before = await openBackend();
    await fill(before, 10);
    await closeBackend(before);
    truncateSync(file(), 5000);
    const backend = await openBackend();
    expect(notices).toHaveLength(1);
    expect(backend.tables()).toEqual([]);
  });

  test('sets an empty file aside, and says so', async () => {
    mkdirSync(join(stateFolder, 'app'));
    writeFileSync(file(), '');
    await fill(await openBackend(), 1);
    expect(notices).toEqual([
      { movedTo: join(stateFolder, 'app.corrupt-1'), reason: `the file "${file()}" is empty` },
    ]);
  });

  test('sets a file aside whose end is cut off, instead of dying when it is read', async () => {
    const before = await openBackend();
    await fill(before, 5000);
    await closeBackend(before);
    truncateSync(file(), Math.floor(statSync(file()).size / 2));
    const backend = await openBackend();
    expect(notices).toHaveLength(1);
    expect(backend.open('s', 0).count()).toBe(0);
  });

  test('sets a file aside of which only the head is left, instead of dying when it is opened', async () => {
    const before = await openBackend();
    await fill(before, 100);
    await closeBackend(before);
    truncateSync(file(), 8192);
    const backend = await openBackend();
    expect(notices).toHaveLength(1);
    expect(backend.tables()).toEqual([]);
    await fill(backend, 3);
    expect(backend.open('s', 0).count()).toBe(3);
  });

  test('refuses the state of a later version and leaves it alone', async () => {
    const before = await openBackend();
    await fill(before, 3);
    await closeBackend(before);
    const root = open(join(stateFolder, 'app'), { noSubdir: false, maxDbs: 4 });
    const meta = root.openDB<unknown, string>({ name: 'meta', encoding: 'json' });
    meta.putSync('format', 2);
    await root.close();
    await expect(openBackend()).rejects.toThrow(
      expect.objectContaining({
        code: 'STATE_VERSION',
        message: expect.stringContaining('has format 2, this version reads 1') as string,
      }),
    );
    expect(notices).toEqual([]);
  });

  test('says which folder cannot be used', async () => {
    writeFileSync(join(stateFolder, 'app'), 'a file, not a folder');
    await expect(openBackend()).rejects.toThrow(
      expect.objectContaining({
        code: 'STATE_FOLDER',
        message: expect.stringContaining(
          `cannot open the state folder "${join(stateFolder, 'app')}"`,
        ) as string,
      }),
    );
  });

  test('refuses a key that is too long before anything is written', async () => {
    const backend = await openBackend();
    const rows = [
      [Buffer.from('a'), Buffer.from('1')],
      [Buffer.alloc(1909), Buffer.from('1')],
    ] as const;
    await expect(
      backend.apply([{ store: 's', partition: 0, rows, position: 1 }], 'log-1'),
    ).rejects.toThrow('a key of 1909 bytes for store "s" is longer than the state can hold');
    expect(backend.open('s', 0).count()).toBe(0);
    expect(backend.open('s', 0).position()).toBeUndefined();
  });

  test('takes off the disk at the next start what an interrupted wipe left', async () => {
    const before = await openBackend();
    await fill(before, 100);
    await closeBackend(before);
    const root = open(join(stateFolder, 'app'), { noSubdir: false, maxDbs: 4 });
    const meta = root.openDB<unknown, string>({ name: 'meta', encoding: 'json' });
    const { number } = meta.get('table/s/0') as { number: number };
    await root.batch(() => {
      void meta.put(`garbage/${number}`, number);
      void meta.put('table/s/0', { number: number + 1 });
    });
    await root.close();
    const backend = await openBackend();
    expect(backend.open('s', 0).count()).toBe(0);
    await closeBackend(backend);
    const again = open(join(stateFolder, 'app'), { noSubdir: false, maxDbs: 4 });
    expect(again.openDB({ name: 'rows', encoding: 'binary' }).getKeysCount()).toBe(0);
    await again.close();
  });

  test('says so when the disk is full, and keeps what was written', async () => {
    const script = fileURLToPath(new URL('full-child.ts', import.meta.url));
    const { output, errors, code } = await runUntilFull(script);
    expect(code).toBe(3);
    // LMDB's binding would print the error with its stack.
    expect(errors).toBe('');
    const { n, ...error } = JSON.parse(output) as { n: number };
    expect(error).toEqual({
      name: 'StorageError',
      code: 'STATE_FULL',
      message: `cannot write the state in "${join(stateFolder, 'app')}" (Input/output error): the disk is full or at a limit, make room and start again; nothing committed is lost`,
    });
    const backend = await openBackend();
    const table = backend.open('s', 0);
    const position = table.position() as number;
    expect(position).toBeGreaterThan(0);
    expect(position).toBeLessThan(n);
    expect(table.count()).toBe(position * 500);
    expect(notices).toEqual([]);
  }, 30_000);

  test.each([false, true])(
    'is whole, and some transactions behind at most, after SIGKILL at any moment (mapped anew: %s)',
    async (renewing) => {
      const script = fileURLToPath(new URL('kill-child.ts', import.meta.url));
      let position = 0;
      for (let round = 0; round < 4; round++) {
        const acknowledged = await runAndKill(
          [script, stateFolder, String(renewing)],
          150 + round * 60,
        );
        const backend = await openBackend();
        const table = backend.open('s', 0);
        const before = position;
        position = table.position() ?? 0;
        expect(position).toBeGreaterThanOrEqual(before);
        expect(position).toBeLessThanOrEqual(acknowledged + 1);
        const rows = [...table.range(undefined, undefined)];
        expect(rows.length).toBe(position === 0 ? 0 : 2000);
        expect(rows.every(([, v]) => v.readUInt32BE(0) === position)).toBe(true);
        expect(backend.open('t', 1).position() ?? 0).toBe(position);
        await closeBackend(backend);
      }
      expect(position).toBeGreaterThan(0);
      expect(notices).toEqual([]);
    },
    60_000,
  );
});

/**
 * Runs the child that writes until the disk is full, with files of at most 4 MB; what it printed,
 * what it complained of, and its exit code.
 */
function runUntilFull(
  script: string,
): Promise<{ output: string; errors: string; code: number | null }> {
  return new Promise((resolve, reject) => {
    const command = 'ulimit -f 4000; exec "$0" "$1" "$2"';
    const child = spawn('bash', ['-c', command, process.execPath, script, stateFolder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ output, errors, code }));
  });
}

/**
 * Runs the child until it has reported work and `afterMs` have gone by, kills it, and returns the
 * last transaction that it reported as applied.
 */
function runAndKill(args: readonly string[], afterMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let last = 0;
    let killer: NodeJS.Timeout | undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      killer ??= setTimeout(() => child.kill('SIGKILL'), afterMs);
      last = Number(chunk.toString().trimEnd().split('\n').at(-1));
    });
    child.on('error', reject);
    child.on('close', () => resolve(last));
  });
}
