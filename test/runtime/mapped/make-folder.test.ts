import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, describe, test } from 'vitest';
import { makeFolder } from '../../../runtime/mapped/make-folder.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-folder-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('makeFolder', () => {
  test('makes a folder and those above it, and leaves alone what is there', () => {
    const path = join(folder, 'a', 'b', 'c');
    makeFolder(path);
    makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
  });

  test('fails where a file is in the way', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => makeFolder(file)).toThrow('EEXIST');
    expect(() => makeFolder(join(file, 'below'))).toThrow('EEXIST');
  });

  test('fails, and ends, where the system makes no folders', (context) => {
    if (process.platform !== 'linux') context.skip('/proc is there on Linux');
    expect(() => makeFolder('/proc/x/log')).toThrow(
      "ENOENT: no such file or directory, mkdir '/proc/x'",
    );
  });
});
