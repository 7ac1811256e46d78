import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../../processors/orders/provider/ledger.ts';
import type { LedgerEntry } from '../../../processors/orders/provider/ledger.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  file = join(folder, 'ledger.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const entry = (key: string, cents: number, state: LedgerEntry['state'] = 'APPROVED') => ({
  key,
  chargeId: `ch_${key}`,
  state,
  orderId: key,
  customerId: 'c1',
  cents,
  currency: 'USD',
});

describe('Ledger', () => {
  test('adds up approved charges and counts declined ones', async () => {
    const ledger = await Ledger.open(file);
    await Promise.all([
      ledger.append(entry('a', 100)),
      ledger.append(entry('b', 250)),
      ledger.append(entry('c', 999, 'DECLINED')),
    ]);
    expect(ledger.totals).toEqual({ charges: 2, cents: 350, declined: 1 });
    await ledger.close();
  });

  test('has the entry on disk when append resolves', async () => {
    const ledger = await Ledger.open(file);
    await ledger.append(entry('a', 100));
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(entry('a', 100));
    await ledger.close();
  });

  test('knows its entries after it was opened again', async () => {
    const first = await Ledger.open(file);
    await first.append(entry('a', 100));
    await first.close();
    const second = await Ledger.open(file);
    expect(second.get('a')).toEqual(entry('a', 100));
    expect(second.totals).toEqual({ charges: 1, cents: 100, declined: 0 });
    await second.close();
  });

  test('cuts off a torn last line and goes on behind the whole ones', async () => {
    await writeFile(file, `${JSON.stringify(entry('a', 100))}\n`);
    await appendFile(file, JSON.stringify(entry('b', 200)).slice(0, 30));
    const ledger = await Ledger.open(file);
    expect(ledger.totals).toEqual({ charges: 1, cents: 100, declined: 0 });
    await ledger.append(entry('c', 300));
    await ledger.close();
    const again = await Ledger.open(file);
    expect([...again.entries()].map(({ key }) => key)).toEqual(['a', 'c']);
    await again.close();
  });

  test('refuses a file with a whole line that is no entry, naming the line', async () => {
    await writeFile(file, `${JSON.stringify(entry('a', 100))}\n{"key":1}\n`);
    await expect(Ledger.open(file)).rejects.toThrow(`ledger "${file}" has no charge at line 2`);
  });

  test('refuses a ledger that another live process has opened', async () => {
    await writeFile(`${file}.lock`, String(process.ppid));
    await expect(Ledger.open(file)).rejects.toMatchObject({ code: 'LEDGER_OWNED' });
  });

  test('takes over the lock of a process that is gone', async () => {
    await writeFile(`${file}.lock`, '999999999');
    const ledger = await Ledger.open(file);
    await ledger.close();
  });
});
