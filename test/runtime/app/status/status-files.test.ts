import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readStatus, statusFilesOf } from '../../../../runtime/app/status/status-files.ts';
import { type StatusSource, StatusWriter } from '../../../../runtime/app/status/status-writer.ts';
import { thisProcess } from '../../../../runtime/embedded/process-identity.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';
import { StorageError } from '../../../../topology/core/errors.ts';

const source: StatusSource = {
  name: 'words',
  file: 'words.yaml',
  state: 'running',
  sinceMs: 5,
  restarts: 1,
  nextStartMs: undefined,
  lastFailure: undefined,
  running: { pid: 9, endpoint: undefined, figures: () => undefined },
};
/** A process that cannot be alive: it is of another boot. */
const dead = { ...thisProcess(), boot: 'another' };

describe('status files', () => {
  let data: string;
  let folder: string;
  const clock = new ManualClock(1000);

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'millrace-status-'));
    folder = join(data, 'status');
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  function left(name: string, writtenMs: number, writer = dead): void {
    mkdirSync(folder, { recursive: true });
    const status = { version: 1, application: 'words', state: 'running', writer, writtenMs };
    writeFileSync(join(folder, name), JSON.stringify(status));
  }

  test('say what was written last, and that the writer is alive', () => {
    const mine = { ...source };
    const writer = new StatusWriter(data, [mine], clock);
    writer.start();
    const error = new StorageError('LOG_FULL', 'the disk is full');
    Object.assign(mine, { state: 'failed', running: undefined, lastFailure: { error, atMs: 7 } });
    writer.close();
    expect(clock.nextDue()).toBeUndefined();
    const [seen] = readStatus(data, clock.now()).get('words') ?? [];
    expect(seen).toMatchObject({
      live: true,
      ageMs: 0,
      status: {
        state: 'failed',
        restarts: 1,
        lastFailure: { code: 'LOG_FULL', message: 'the disk is full', atMs: 7 },
      },
    });
    expect(seen?.status.pid).toBeUndefined();
  });

  test.each(['{"version":1', '{"version":1}', 'null'])('say nothing as %s', (text) => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'words.1.json'), text);
    expect([...readStatus(data, 1000)]).toEqual([]);
  });

  test('say nothing where there is no folder, or a file in its place', () => {
    expect([...readStatus(data, 1000)]).toEqual([]);
    writeFileSync(folder, '');
    expect([...readStatus(data, 1000)]).toEqual([]);
  });

  test('are written every second', () => {
    const writer = new StatusWriter(data, [source], clock);
    writer.start();
    clock.advanceTo(clock.now() + 2500);
    const [seen] = readStatus(data, clock.now()).get('words') ?? [];
    expect(seen?.ageMs).toBe(500);
    writer.close();
  });

  test('of the dead: the newest is shown, and taken away by the next runner', () => {
    left('words.1.json', 100);
    left('words.2.json', 300);
    left('words.3.json', 200);
    left('words-of-others.4.json', 200);
    const seen = readStatus(data, 1000).get('words') ?? [];
    expect(seen.map(({ live, ageMs }) => [live, ageMs])).toEqual([[false, 700]]);
    const writer = new StatusWriter(data, [source], clock);
    writer.start();
    writer.close();
    expect(readdirSync(folder).sort()).toEqual([
      'words-of-others.4.json',
      `words.${process.pid}.json`,
    ]);
  });

  test('of a writer in another container are live while they are renewed', () => {
    const outside = { ...thisProcess(), pidSpace: 'another' };
    if (thisProcess().pidSpace === '') return;
    left('words.1.json', 0, outside);
    expect(readStatus(data, 9999).get('words')?.[0]?.live).toBe(true);
    expect(readStatus(data, 10_000).get('words')?.[0]?.live).toBe(false);
  });

  test('that are torn, or of another version, are as if they were not there', () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'words.1.json'), '{"version":1,"appl');
    writeFileSync(join(folder, 'words.2.json'), '{"version":2}');
    expect(readStatus(data, 0).size).toBe(0);
  });

  test('cost nothing but themselves where the folder cannot be written', () => {
    writeFileSync(folder, '');
    const writer = new StatusWriter(data, [source], clock);
    writer.start();
    writer.write();
    writer.close();
    expect(readStatus(join(data, 'nowhere'), 0).size).toBe(0);
  });

  test('are told apart by the whole name of the application', () => {
    const files = ['a.1.json', 'a-b.1.json', 'a.json', 'a.1.json.new'];
    expect(statusFilesOf(files, 'a')).toEqual(['a.1.json']);
  });
});
