import { closeSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataFile, Environment } from '../../../runtime/embedded/environment.ts';
import { Flusher } from '../../../runtime/embedded/flusher.ts';
import { latestMark, MarkFile, removeMarks } from '../../../runtime/embedded/mark-file.ts';
import type { Mark } from '../../../runtime/embedded/mark-file.ts';
import { testFolders } from './folders.ts';

const newFolder = testFolders();

const markOf = (transaction: number): Mark => ({
  transaction,
  fileBytes: transaction * 10,
  headPages: Buffer.alloc(8_192, transaction),
});

describe('MarkFile', () => {
  test('gives back the last mark written', async () => {
    const folder = newFolder();
    const marks = new MarkFile(folder, 'a');
    expect(latestMark(folder)).toBeUndefined();
    for (const transaction of [3, 4, 5]) {
      await marks.write(markOf(transaction));
      expect(latestMark(folder)).toEqual(markOf(transaction));
    }
    marks.close();
  });

  test('gives back the mark before when the last one was torn', () => {
    const folder = newFolder();
    const marks = new MarkFile(folder, 'a');
    marks.writeSync(markOf(3));
    const three = readFileSync(marks.path);
    marks.writeSync(markOf(4));
    const four = readFileSync(marks.path);
    const changed = four.findIndex((byte, i) => byte !== three[i]);
    const descriptor = openSync(marks.path, 'r+');
    // The first half of the slot is new, the second is what was there before.
    const torn = Buffer.concat([four.subarray(changed, changed + 6_000), Buffer.alloc(6_000)]);
    writeSync(descriptor, torn, 0, torn.length, changed);
    closeSync(descriptor);
    expect(latestMark(folder)).toEqual(markOf(3));
    marks.close();
  });

  test('gives back the latest of several processes', () => {
    const folder = newFolder();
    for (const [id, transaction] of [
      ['a', 7],
      ['b', 9],
      ['c', 8],
    ] as const) {
      const marks = new MarkFile(folder, id);
      marks.writeSync(markOf(transaction));
      marks.close();
    }
    expect(latestMark(folder)?.transaction).toBe(9);
    removeMarks(folder, new Set(['c']));
    expect(readdirSync(folder)).toEqual(['c.mark']);
  });
});

describe('Flusher', () => {
  let environment: Environment;
  let marks: string;
  let flusher: Flusher;

  beforeEach(() => {
    const folder = newFolder();
    marks = newFolder();
    environment = new Environment(folder, 'no-sync');
    flusher = new Flusher(environment, {
      dataFile: dataFile(folder),
      marksFolder: marks,
      id: 'a',
    });
    flusher.flushNow();
  });

  afterEach(async () => {
    flusher.close();
    await environment.close();
  });

  function put(row: string): number {
    return environment.write(() => {
      environment.put(Buffer.from(row), Buffer.from(row));
      return environment.transactionId();
    });
  }

  test('marks what was committed before the call', async () => {
    const transaction = put('a');
    await flusher.flush();
    expect(latestMark(marks)?.transaction).toBe(transaction);
  });

  test('takes what was committed during a flush into the next one', async () => {
    put('a');
    const first = flusher.flush();
    const transaction = put('b');
    const second = flusher.flush();
    const third = flusher.flush();
    expect(third).toBe(second);
    await first;
    await second;
    expect(latestMark(marks)?.transaction).toBe(transaction);
    expect(flusher.flush()).not.toBe(second);
    await flusher.flush();
  });

  test('accepts nothing more after a failure', async () => {
    const other = new Flusher(environment, {
      dataFile: dataFile(environment.path),
      marksFolder: marks,
      id: 'b',
    });
    other.close();
    const failure = expect(other.flush()).rejects;
    await failure.toMatchObject({ name: 'StorageError', code: 'LOG_IO' });
    await expect(other.flush()).rejects.toBe(other.failure);
    expect(other.failure).toBeDefined();
  });
});
