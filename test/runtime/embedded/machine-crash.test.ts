import {
  closeSync,
  cpSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dataFile, Environment } from '../../../runtime/embedded/environment.ts';
import { Flusher } from '../../../runtime/embedded/flusher.ts';
import { dataLayout } from '../../../runtime/embedded/layout.ts';
import { enterLog, leaveLog, settleEntry } from '../../../runtime/embedded/recovery.ts';
import { pageBytes } from '../../../runtime/mapped/head-pages.ts';
import { inspectFile } from '../../../runtime/mapped/tree-inspection.ts';
import { rewriteControl } from './control.ts';
import { randomBudget } from '../mapped/budgets.ts';
import { testFolders } from './folders.ts';
import { randomOf } from './random.ts';

const newFolder = testFolders();

type Rows = ReadonlyMap<string, string>;

function contents(environment: Environment): Rows {
  const rows = new Map<string, string>();
  for (const { key, value } of environment.range(Buffer.from([0]), Buffer.from([255]))) {
    rows.set(key.toString(), value.toString('latin1'));
  }
  return rows;
}

/**
 * A disk that keeps, of each page written since the last flush, whichever of its versions it likes.
 */
class Disk {
  private readonly path: string;
  /** Versions of the whole file since the last flush; the first is what is surely on disk. */
  private versions: Buffer[];

  constructor(path: string) {
    this.path = path;
    this.versions = [readFileSync(path)];
  }

  written(): void {
    this.versions.push(this.file());
  }

  /** The version that is being written now. */
  get present(): number {
    return this.versions.length - 1;
  }

  /** All pages are on disk as of a version, or newer. */
  flushed(version: number): void {
    this.versions.splice(0, version);
  }

  /** What may be found after the machine died now. */
  afterCrash(random: () => number): Buffer {
    const sure = this.versions[0] as Buffer;
    const longest = Math.max(...this.versions.map((it) => it.length));
    const length = random() < 0.5 ? sure.length : longest;
    const found = Buffer.alloc(length);
    for (let at = 0; at < length; at += pageBytes) {
      const version = this.versions[Math.floor(random() * this.versions.length)] as Buffer;
      if (at < version.length) version.copy(found, at, at, at + pageBytes);
    }
    return found;
  }

  private file(): Buffer {
    const descriptor = openSync(this.path, 'r');
    const bytes = Buffer.alloc(fstatSync(descriptor).size);
    readSync(descriptor, bytes, 0, bytes.length, 0);
    closeSync(descriptor);
    return bytes;
  }
}

/** An environment that says when it was opened again, before anything else can be done. */
class Watched extends Environment {
  onReopened: () => void = () => {};
  override reopen(): void {
    super.reopen();
    this.onReopened();
  }
}

describe('recovery after a machine crash', () => {
  test.each([1, 2, 3, 4, 5, 6])(
    'finds the last flushed state whatever pages the disk has kept (seed %d)',
    async (seed) => {
      const random = randomOf(seed);
      const layout = dataLayout(newFolder());
      const entry = enterLog(layout, { ahead: true, create: true });
      const environment = new Watched(layout.records, 'no-sync');
      const file = dataFile(layout.records);
      const place = { dataFile: file, marksFolder: layout.marks, id: entry.id };
      const flusher = new Flusher(environment, place, randomBudget(random));
      flusher.flushNow();
      settleEntry(layout, entry);
      const disk = new Disk(file);

      const rows = new Map<string, string>();
      const change = (): void => {
        environment.write(() => {
          for (let i = Math.floor(random() * 6); i >= 0; i--) {
            const key = `key-${Math.floor(random() * 60)}`;
            if (random() < 0.3) {
              environment.remove(Buffer.from(key));
              rows.delete(key);
            } else {
              const value = String.fromCharCode(65 + Math.floor(random() * 26));
              const text = value.repeat(1 + Math.floor(random() * 20_000));
              environment.put(Buffer.from(key), Buffer.from(text));
              rows.set(key, text);
            }
          }
        });
        disk.written();
      };

      const expectRecovered = async (expected: Rows, image: Buffer): Promise<void> => {
        const other = dataLayout(newFolder());
        cpSync(layout.log, other.log, { recursive: true });
        await rewriteControl(other, (record) => ({ ...record, boot: 'the boot before' }));
        mkdirSync(other.records, { recursive: true });
        writeFileSync(dataFile(other.records), image);
        const again = enterLog(other, { ahead: false, create: false });
        expect(again.incarnation).not.toBe(entry.incarnation);
        expect(inspectFile(dataFile(other.records))).toEqual({ damage: undefined, whole: true });
        const found = new Environment(other.records, 'no-sync');
        expect(contents(found)).toEqual(expected);
        // And it goes on from there.
        found.write(() => found.put(Buffer.from('new'), Buffer.from('row')));
        expect(contents(found).size).toBe(expected.size + 1);
        await found.close();
        leaveLog(other, again);
        await again.control.close();
        rmSync(other.root, { recursive: true });
      };

      const copyOfMarks = (): string => {
        const marks = join(newFolder(), 'marks');
        cpSync(layout.marks, marks, { recursive: true });
        return marks;
      };
      const expectRecoveredBy = async (
        marks: string,
        expected: Rows,
        image: Buffer,
      ): Promise<void> => {
        const present = copyOfMarks();
        cpSync(marks, layout.marks, { recursive: true });
        await expectRecovered(expected, image);
        cpSync(present, layout.marks, { recursive: true });
      };

      let renewals = 0;
      let flushed = new Map(rows);
      for (let round = 0; round < 40; round++) {
        for (let i = Math.floor(random() * 4); i >= 0; i--) change();
        if (random() < 0.25) await expectRecovered(flushed, disk.afterCrash(random));
        if (random() < 0.5) {
          const marks = copyOfMarks();
          const image = disk.afterCrash(random);
          const marked = { version: disk.present, rows: new Map(rows) };
          let renewal: { readonly marks: string; readonly image: Buffer } | undefined;
          environment.onReopened = () => {
            // No snapshot is held now, and the mark that counts is the one just made.
            disk.flushed(marked.version);
            renewal = { marks: copyOfMarks(), image: disk.afterCrash(random) };
          };
          const flushing = flusher.flush();
          if (random() < 0.5) change();
          await flushing;
          // It died between the flush of the file and that of the mark.
          if (random() < 0.3) await expectRecoveredBy(marks, flushed, image);
          if (renewal === undefined) {
            disk.flushed(marked.version);
            flushed = marked.rows;
            continue;
          }
          renewals++;
          await expectRecoveredBy(renewal.marks, marked.rows, renewal.image);
          disk.flushed(disk.present);
          flushed = new Map(rows);
        }
      }
      expect(renewals).toBeGreaterThan(2);
      flusher.close();
      await environment.close();
      leaveLog(layout, entry);
      await entry.control.close();
    },
  );
});
