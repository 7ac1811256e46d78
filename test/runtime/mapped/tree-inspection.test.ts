import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { open } from 'lmdb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataFile, Environment } from '../../../runtime/embedded/environment.ts';
import { headBytes, pageBytes, parseHead } from '../../../runtime/mapped/head-pages.ts';
import type { Head } from '../../../runtime/mapped/head-pages.ts';
import { inspectFile } from '../../../runtime/mapped/tree-inspection.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-tree-'));
  file = dataFile(folder);
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Kinds of a page, as it says. */
const kinds = { branch: 1, leaf: 2, long: 4 } as const;

/** Places in a page. */
const at = { transaction: 8, kind: 18, lower: 20, pages: 20, node: 24 } as const;
const header = 24;

/** A file with two trees beside the main one: 2,000 short values, and long ones. */
async function fill(): Promise<void> {
  const root = open(folder, { noSubdir: false, maxDbs: 4, pageSize: pageBytes });
  const rows = root.openDB<Buffer, string>({ name: 'rows', encoding: 'binary' });
  const meta = root.openDB<string, string>({ name: 'meta', encoding: 'json' });
  await root.batch(() => {
    for (let i = 0; i < 2_000; i++) void rows.put(`key-${i}`, Buffer.alloc(80));
    for (let i = 0; i < 5; i++) void rows.put(`long-${i}`, Buffer.alloc(10_000));
    void meta.put('a', 'b');
  });
  await root.batch(() => {
    for (let i = 0; i < 50; i++) void rows.remove(`key-${i}`);
  });
  await root.close();
}

/** Changes the bytes of the file. */
function change(action: (bytes: Buffer, head: Head) => void): void {
  const bytes = readFileSync(file);
  action(bytes, parseHead(bytes));
  writeFileSync(file, bytes);
}

function pageOf(bytes: Buffer, page: number): Buffer {
  return bytes.subarray(page * pageBytes, (page + 1) * pageBytes);
}

/** The pages that say they are of this kind: they are in use, but for a few. */
function pagesOfKind(bytes: Buffer, kind: number): number[] {
  const found: number[] = [];
  for (let page = 2; page < bytes.length / pageBytes; page++) {
    const place = pageOf(bytes, page);
    const own = place.readUInt32LE(0) === page;
    if (own && place.readUInt16LE(at.kind) === kind) found.push(page);
  }
  return found;
}

/** A page of the kind that something points at: what is wrong with it is found. */
function usedPage(kind: number): number {
  const sound = readFileSync(file);
  const used = pagesOfKind(sound, kind).find((page) => {
    const broken = Buffer.from(sound);
    pageOf(broken, page).fill(0);
    writeFileSync(file, broken);
    return inspectFile(file).damage !== undefined;
  });
  writeFileSync(file, sound);
  return used as number;
}

function damaged(page: number, what: string): object {
  return {
    damage: `page ${page} of the file "${file}" is overwritten: ${what}`,
    whole: false,
  };
}

describe('inspectFile', () => {
  test('finds nothing in a sound file, and has looked at all of it', async () => {
    await fill();
    expect(inspectFile(file)).toEqual({ damage: undefined, whole: true });
  });

  test('finds nothing in a file that is missing, or empty', () => {
    expect(inspectFile(file)).toEqual({ damage: undefined, whole: true });
    writeFileSync(file, '');
    expect(inspectFile(file)).toEqual({ damage: undefined, whole: true });
  });

  test.each(['branch', 'leaf', 'long'] as const)('finds zeros in place of a %s', async (kind) => {
    await fill();
    const page = usedPage(kinds[kind]);
    change((bytes) => pageOf(bytes, page).fill(0));
    expect(inspectFile(file)).toEqual(damaged(page, 'it holds no page'));
  });

  test('finds a page that stands in another’s place', async () => {
    await fill();
    const page = usedPage(kinds.leaf);
    change((bytes) => pageOf(bytes, page + 3).copy(pageOf(bytes, page)));
    expect(inspectFile(file)).toEqual(damaged(page, `it holds page ${page + 3}`));
  });

  test.each<[string, keyof typeof kinds, (page: Buffer) => void, string]>([
    [
      'of another kind',
      'branch',
      (page) => page.writeUInt16LE(kinds.leaf, at.kind),
      'it is of kind 2, not 1',
    ],
    [
      'of a transaction that never was',
      'leaf',
      (page) => page.writeUInt32LE(99, at.transaction),
      'it is of transaction 99, after the last, 4',
    ],
    [
      'with more nodes than fit',
      'leaf',
      (page) => page.writeUInt16LE(pageBytes, at.lower),
      'its bounds are impossible',
    ],
    [
      'of one child',
      'branch',
      (page) => page.writeUInt16LE(2, at.lower),
      'its bounds are impossible',
    ],
    [
      'with a node beyond its end',
      'leaf',
      (page) => page.writeUInt16LE(pageBytes - header, at.node),
      'its node 0 is not within it',
    ],
    [
      'that points beyond the file',
      'branch',
      (page) => page.writeUInt16LE(60_000, header + page.readUInt16LE(at.node)),
      'it points at page 60000, which there is not',
    ],
    [
      'of another number of pages',
      'long',
      (page) => page.writeUInt32LE(2, at.pages),
      'it begins a value of 2 pages, not 3',
    ],
  ])('finds a page %s', async (_, kind, spoil, what) => {
    await fill();
    const page = usedPage(kinds[kind]);
    change((bytes) => spoil(pageOf(bytes, page)));
    expect(inspectFile(file)).toEqual(damaged(page, what));
  });

  test('finds a page whose nodes take more room than it has', async () => {
    await fill();
    const page = usedPage(kinds.leaf);
    change((bytes) => {
      const place = pageOf(bytes, page);
      // The node at the lowest place grows over its neighbours.
      const node = header + place.readUInt16LE(at.lower + 2);
      place.writeUInt16LE(place.readUInt16LE(node) + 200, node);
    });
    expect(inspectFile(file).damage).toMatch(/^page \d+ of .*: its node \d+ is not within it$/);
  });

  test('finds a page that two others point at', async () => {
    await fill();
    const page = usedPage(kinds.branch);
    let twice = 0;
    change((bytes) => {
      const place = pageOf(bytes, page);
      const node = (index: number): number => header + place.readUInt16LE(at.node + 2 * index);
      twice = place.readUInt16LE(node(0));
      place.writeUInt16LE(twice, node(1));
    });
    expect(inspectFile(file)).toEqual(damaged(twice, 'two others point at it'));
  });

  test('finds a tree of impossible depth', async () => {
    await fill();
    let root = 0;
    change((bytes, head) => {
      root = head.mainTree.root as number;
      for (const start of [0, pageBytes]) bytes.writeUInt16LE(40, start + 96 + 6);
    });
    expect(inspectFile(file)).toEqual(damaged(root, 'its tree has 40 levels'));
  });

  /** Where the list of the first node of the free pages' tree begins in the file. */
  function freeList(bytes: Buffer, { freeTree }: Head): number {
    const root = (freeTree.root as number) * pageBytes;
    return root + header + bytes.readUInt16LE(root + at.node) + 8 + 8;
  }

  test.each<[string, (list: Buffer) => void, string]>([
    [
      'a free page that there is not',
      (list) => list.writeUInt32LE(9_999, 8),
      'it lists page 9999 as free',
    ],
    [
      'more free pages than were listed',
      (list) => list.writeUInt32LE(9_999, 0),
      'its list of free pages is too long',
    ],
  ])('finds %s', async (_, spoil, what) => {
    await fill();
    let root = 0;
    change((bytes, head) => {
      root = head.freeTree.root as number;
      spoil(bytes.subarray(freeList(bytes, head)));
    });
    expect(inspectFile(file)).toEqual(damaged(root, what));
  });

  test('leaves off after so many pages, and says so', async () => {
    await fill();
    const bytes = readFileSync(file);
    const page = usedPage(kinds.long);
    pageOf(bytes, page).fill(0);
    writeFileSync(file, bytes);
    expect(inspectFile(file, { maxPages: 6 })).toEqual({ damage: undefined, whole: false });
    expect(inspectFile(file, { maxPages: 1_000 }).damage).toContain(`page ${page} of`);
  });

  test('looks at all of a file that is too short, whatever the limit', async () => {
    await fill();
    truncateSync(file, readFileSync(file).length - 30 * pageBytes);
    expect(inspectFile(file, { maxPages: 1 }).damage).toMatch(/it points at page \d+/);
  });

  test('looks at a state that is held, whatever was written since', async () => {
    const environment = new Environment(folder, 'no-sync');
    const put = (round: number): void =>
      environment.write(() => {
        for (let i = 0; i < 300; i++) {
          environment.put(Buffer.from(`key-${i}`), Buffer.alloc(100 + (i % 40) * 100, round));
        }
      });
    put(0);
    const { held, head } = environment.exclusively(() => ({
      held: environment.hold(),
      head: readFileSync(file).subarray(0, headBytes),
    }));
    for (let round = 1; round < 10; round++) put(round);
    expect(inspectFile(file, { head })).toEqual({ damage: undefined, whole: true });
    held.release();
    for (let round = 1; round < 10; round++) put(round);
    expect(inspectFile(file, { head }).damage).toMatch(/is overwritten/);
    await environment.close();
  });

  test('finds nothing in what LMDB has written, whatever was asked of it', async () => {
    const step = fc.record({
      first: fc.nat({ max: 400 }),
      count: fc.nat({ max: 120 }),
      bytes: fc.constantFrom(undefined, 0, 10, 150, 1_900, 2_100, 9_000, 70_000),
      hold: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const path = mkdtempSync(join(folder, 'any-'));
        const environment = new Environment(path, 'no-sync');
        let held = environment.hold();
        for (const { first, count, bytes, hold } of steps) {
          environment.write(() => {
            for (let i = first; i < first + count; i++) {
              const key = Buffer.from(`key-${i}`.padEnd(6 + (i % 50), '.'));
              if (bytes === undefined) environment.remove(key);
              else environment.put(key, Buffer.alloc(i % 7 === 0 ? bytes : Math.min(bytes, 150)));
            }
          });
          if (hold) {
            held.release();
            held = environment.hold();
          }
          expect(inspectFile(dataFile(path))).toEqual({ damage: undefined, whole: true });
        }
        held.release();
        await environment.close();
      }),
      { seed: 7, numRuns: 40 },
    );
  });
});
