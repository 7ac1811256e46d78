import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { dataFile, Environment } from '../../../runtime/embedded/environment.ts';
import { Flusher } from '../../../runtime/embedded/flusher.ts';
import { latestMark } from '../../../runtime/embedded/mark-file.ts';
import { MappedBudget, residentFileBytes } from '../../../runtime/mapped/mapped-budget.ts';
import { quiet, realClock } from '../log-harness.ts';
import { batchOf, plain, recordsOf } from '../codec/records.ts';
import { spentBudget } from '../mapped/budgets.ts';
import { testFolders } from './folders.ts';

const newFolder = testFolders();
const open: { flusher: Flusher; environment: Environment }[] = [];

afterEach(async () => {
  for (const { flusher, environment } of open.splice(0)) {
    flusher.close();
    await environment.close();
  }
});

/** An environment that counts how often it was mapped anew. */
class Counted extends Environment {
  times = 0;
  override reopen(): void {
    super.reopen();
    this.times++;
  }
}

function start(budget: MappedBudget): { environment: Counted; flusher: Flusher; marks: string } {
  const folder = newFolder();
  const marks = newFolder();
  const environment = new Counted(folder, 'no-sync');
  const place = { dataFile: dataFile(folder), marksFolder: marks, id: 'a' };
  const flusher = new Flusher(environment, place, budget);
  flusher.flushNow();
  open.push({ flusher, environment });
  return { environment, flusher, marks };
}

const key = (n: number): Buffer => Buffer.from(n.toString().padStart(8, '0'));

function contents(environment: Environment): string[] {
  return [...environment.range(key(0), key(99_999_999))].map(({ key }) => key.toString());
}

describe('Flusher with a spent budget', () => {
  test('maps the file anew after each flush, and all that was committed is there', async () => {
    const { environment, flusher } = start(spentBudget());
    const expected: string[] = [];
    for (let n = 0; n < 20; n++) {
      environment.write(() => environment.put(key(n), Buffer.alloc(5_000, n)));
      expected.push(key(n).toString());
      const flushed = flusher.flush();
      expect(contents(environment)).toEqual(expected);
      await flushed;
      expect(contents(environment)).toEqual(expected);
      expect(environment.get(key(n))).toEqual(Buffer.alloc(5_000, n));
    }
    expect(environment.times).toBe(20);
  });

  test('has made a mark of everything before it lets anything be written', async () => {
    const { environment, flusher, marks } = start(spentBudget());
    for (let n = 0; n < 5; n++) {
      environment.write(() => environment.put(key(n), key(n)));
      const flushed = flusher.flush();
      // Committed while the flush runs: not in its mark, but in the one made for the renewal.
      const last = environment.write(() => {
        environment.put(key(n + 100), key(n));
        return environment.transactionId();
      });
      await flushed;
      expect(latestMark(marks)?.transaction).toBe(last);
    }
  });

  test('serves flushes that wait', async () => {
    const { environment, flusher, marks } = start(spentBudget());
    let last = 0;
    const flushes: Promise<void>[] = [];
    for (let n = 0; n < 10; n++) {
      last = environment.write(() => {
        environment.put(key(n), key(n));
        return environment.transactionId();
      });
      flushes.push(flusher.flush());
    }
    await Promise.all(flushes);
    expect(latestMark(marks)?.transaction).toBe(last);
    await flusher.flush();
    expect(environment.times).toBeGreaterThan(1);
  });

  test('reports a file that cannot be opened again, for good', async () => {
    const { environment, flusher } = start(spentBudget());
    await flusher.flush();
    environment.write(() => environment.put(key(1), key(1)));
    const flushed = flusher.flush();
    const file = dataFile(environment.path);
    const before = readFileSync(file);
    // The flush is under way on its own descriptor; what it opens next is no file of LMDB.
    unlinkSync(file);
    writeFileSync(file, Buffer.alloc(before.length, 'no log '));
    await expect(flushed).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    await expect(flusher.flush()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    expect(() => environment.get(key(1))).toThrow('the log in');
    expect(() => contents(environment)).toThrow('the log in');
    await environment.close();
  });
});

describe.runIf(residentFileBytes() !== undefined)('resident memory of a log', () => {
  test('goes down when its file is mapped anew', async () => {
    const maxBytes = 8 * 1024 ** 2;
    const { environment, flusher } = start(new MappedBudget(maxBytes));
    const before = residentFileBytes() as number;
    const value = Buffer.alloc(64 * 1024, 7);
    for (let n = 0; n < 640; n++) environment.write(() => environment.put(key(n), value));
    let bytes = 0;
    for (const row of environment.range(key(0), key(9_999))) bytes += row.value.length;
    expect(bytes).toBe(640 * value.length);
    expect((residentFileBytes() as number) - before).toBeGreaterThan(4 * maxBytes);
    await flusher.flush();
    expect(environment.times).toBe(1);
    expect((residentFileBytes() as number) - before).toBeLessThan(maxBytes);
    expect(environment.get(key(639))).toEqual(value);
  });

  test.each(['while it is written', 'after it was written, without a pause'])(
    'stays bounded when a log is read %s',
    async (when) => {
      const maxBytes = 8 * 1024 ** 2;
      const log = await openEmbeddedLog({
        folder: newFolder(),
        clock: realClock,
        budget: new MappedBudget(maxBytes),
      });
      await log.admin.create({ name: 't', partitions: 1, cleanup: 'delete', retention: 'forever' });
      const member = await log.join({ group: 'g', topics: ['t'], slot: 's' }, quiet);
      const producer = await log.transactor('s');
      const before = residentFileBytes() as number;
      let most = 0;
      const values = Array.from({ length: 16 }, (_, i) => plain(`k${i}`, 'x'.repeat(60_000)));
      const write = async (): Promise<void> => {
        const append = { topic: 't', partition: 0, batch: batchOf(...values), records: 16 };
        await producer.commit({ appends: [append], positions: [] }, member);
      };
      const read = async (n: number): Promise<void> => {
        const limits = { maxBytes: 1e9, maxBytesPerPartition: 1 };
        const [found] = await log.fetch([{ topic: 't', partition: 0, offset: n * 16 }], limits);
        expect(found?.batches.flatMap(recordsOf)).toHaveLength(16);
        most = Math.max(most, (residentFileBytes() as number) - before);
      };
      if (when === 'while it is written') {
        for (let n = 0; n < 60; n++) {
          await write();
          await read(n);
        }
      } else {
        for (let n = 0; n < 60; n++) await write();
        for (let n = 0; n < 60; n++) await read(n);
      }
      expect(most).toBeGreaterThan(maxBytes / 2);
      expect(most).toBeLessThan(3 * maxBytes);
      await producer.close();
      await member.leave();
      await log.close();
    },
  );
});
