import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  inspectionDue,
  isAsClosed,
  promptPages,
  stampOf,
} from '../../../runtime/mapped/closing-note.ts';
import { headBytes } from '../../../runtime/mapped/head-pages.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-note-'));
  file = join(folder, 'data.mdb');
  writeFileSync(file, Buffer.alloc(headBytes + 10, 1));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('isAsClosed', () => {
  test('holds for a file that nobody touched', () => {
    expect(isAsClosed({ closed: stampOf(file) }, file)).toBe(true);
  });

  test('does not hold where nothing says that it was closed', () => {
    expect(isAsClosed({}, file)).toBe(false);
  });

  test('does not hold for a file that was written since, with the same bytes or not', () => {
    const closed = stampOf(file);
    writeFileSync(file, readFileSync(file));
    utimesSync(file, 5, 5);
    expect(isAsClosed({ closed }, file)).toBe(false);
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['is longer', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ['has another head', (bytes) => Buffer.from(bytes).fill(2, headBytes - 1, headBytes)],
  ])('does not hold for a file that %s, at the same time', (_, change) => {
    utimesSync(file, 5, 5);
    const closed = stampOf(file);
    writeFileSync(file, change(readFileSync(file)));
    utimesSync(file, 5, 5);
    expect(statSync(file).mtimeMs).toBe(closed?.changedMs);
    expect(isAsClosed({ closed }, file)).toBe(false);
  });

  test('does not hold for a file that is gone, or has no head left', () => {
    const closed = stampOf(file);
    writeFileSync(file, '');
    expect(isAsClosed({ closed }, file)).toBe(false);
    rmSync(file);
    expect(isAsClosed({ closed }, file)).toBe(false);
  });
});

describe('inspectionDue', () => {
  test.each<[string, number | undefined, boolean, { doubts: number; maxPages: number }]>([
    ['nothing of a file left in order', undefined, true, { doubts: 0, maxPages: 0 }],
    ['a part after a process died', undefined, false, { doubts: 1, maxPages: promptPages }],
    ['nothing when it went well after that', 1, true, { doubts: 1, maxPages: 0 }],
    ['all when one died again', 1, false, { doubts: 2, maxPages: Infinity }],
    ['all until all was found sound', 2, true, { doubts: 2, maxPages: Infinity }],
  ])('is %s', (_, doubts, inOrder, due) => {
    expect(inspectionDue({ doubts }, inOrder)).toEqual(due);
  });
});
