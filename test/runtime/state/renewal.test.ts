import { mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MappedBudget, residentFileBytes } from '../../../runtime/mapped/mapped-budget.ts';
import type { StateTable } from '../../../runtime/ports.ts';
import { LmdbStateBackend } from '../../../runtime/state/lmdb-backend.ts';
import { randomOf } from '../embedded/random.ts';

/** A budget that is spent whenever it is asked, and counts how often the file was mapped. */
class Spent extends MappedBudget {
  mapped = 0;

  constructor() {
    let bytes = 0;
    super(0, () => ++bytes);
  }

  override renew(): void {
    super.renew();
    this.mapped++;
  }
}

let stateFolder: string;
let backend: LmdbStateBackend | undefined;

beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), 'millrace-lmdb-'));
});

afterEach(async () => {
  await backend?.close();
  backend = undefined;
  rmSync(stateFolder, { recursive: true, force: true });
});

async function open(budget: MappedBudget): Promise<LmdbStateBackend> {
  backend = await LmdbStateBackend.open({
    stateFolder,
    application: 'app',
    setAside: ({ reason }) => {
      throw new Error(reason);
    },
    budget,
  });
  return backend;
}

const key = (n: number): Buffer => Buffer.from(`key-${n}`);

async function put(on: LmdbStateBackend, n: number, text: string, store = 's'): Promise<void> {
  const rows = [[key(n), Buffer.from(text)]] as const;
  await on.apply([{ store, partition: 0, rows, position: n + 1 }], 'log-1');
}

/** Waits until all that was applied is on disk and the file was mapped `times` times at least. */
async function mappedTimes(budget: Spent, times: number): Promise<void> {
  while (budget.mapped < times) await nextTurn();
}

describe('LmdbStateBackend with a spent budget', () => {
  test('shows every row at every turn of the event loop, and in every microtask', async () => {
    const budget = new Spent();
    const state = await open(budget);
    const table = state.open('s', 0);
    let written = 0;
    let reads = 0;
    const failures: unknown[] = [];
    const check = (): void => {
      for (const n of [0, written >> 1, written - 1]) {
        if (n < 0 || n >= written) continue;
        expect(table.get(key(n))?.toString()).toBe(`row ${n}`);
        reads++;
      }
    };
    let over = false;
    const guarded = (again: () => void): void => {
      if (over) return;
      try {
        check();
        again();
      } catch (error) {
        failures.push(error);
      }
    };
    const onTurns = (): void => guarded(() => setImmediate(onTurns));
    const onTimers = (): void => guarded(() => setTimeout(onTimers, 0));
    const onPromises = (left: number): void =>
      guarded(() => {
        if (left > 0) void Promise.resolve().then(() => onPromises(left - 1));
        else setImmediate(() => onPromises(20));
      });
    const onTicks = (left: number): void =>
      guarded(() => {
        if (left > 0) process.nextTick(() => onTicks(left - 1));
        else setImmediate(() => onTicks(20));
      });
    onTurns();
    onTimers();
    onPromises(20);
    onTicks(20);
    for (; budget.mapped < 50 && failures.length === 0; written++) {
      await put(state, written, `row ${written}`);
      if (written % 3 === 0) await nextTurn();
    }
    over = true;
    await nextTurn();
    expect(failures).toEqual([]);
    expect(reads).toBeGreaterThan(1000);
    expect(table.count()).toBe(written);
  });

  test('leaves the file alone while a range of it is read', async () => {
    const writer = await open(new Spent());
    for (let n = 0; n < 5; n++) await put(writer, n, `row ${n}`);
    // All is on disk then: the range reads nothing that waits for it.
    await writer.close();
    const budget = new Spent();
    const state = await open(budget);
    const table = state.open('s', 0);
    const range = table.range(undefined, undefined)[Symbol.iterator]();
    expect(range.next().value?.[1].toString()).toBe('row 0');
    const before = budget.mapped;
    for (let n = 5; n < 10; n++) {
      await put(state, n, `row ${n}`);
      for (let turn = 0; turn < 5; turn++) await nextTurn();
    }
    expect(budget.mapped).toBe(before);
    const rest: string[] = [];
    for (let next = range.next(); next.done !== true; next = range.next()) {
      rest.push(next.value[1].toString());
    }
    expect(rest).toEqual(['row 1', 'row 2', 'row 3', 'row 4']);
    await put(state, 10, 'row 10');
    await mappedTimes(budget, before + 1);
    expect(table.count()).toBe(11);
  });

  test('goes on when the range was given up', async () => {
    const budget = new Spent();
    const state = await open(budget);
    for (let n = 0; n < 3; n++) await put(state, n, `row ${n}`);
    await mappedTimes(budget, 2);
    for (const _ of state.open('s', 0).range(undefined, undefined)) break;
    const before = budget.mapped;
    await put(state, 3, 'row 3');
    await mappedTimes(budget, before + 1);
    expect(state.open('s', 0).count()).toBe(4);
  });

  test.each([1, 2, 3])('keeps what stores hold while others are wiped (seed %d)', async (seed) => {
    const random = randomOf(seed);
    const state = await open(new Spent());
    const expected = new Map<string, Map<number, string>>();
    const running: Promise<void>[] = [];
    for (let step = 0; step < 200; step++) {
      const store = `s${Math.floor(random() * 3)}`;
      if (random() < 0.05) {
        await Promise.all(running.splice(0));
        running.push(state.wipe(store, 0));
        await Promise.all(running.splice(0));
        expected.delete(store);
      } else {
        const n = Math.floor(random() * 50);
        const rows = expected.get(store) ?? new Map<number, string>();
        expected.set(store, rows.set(n, `row ${step}`));
        running.push(put(state, n, `row ${step}`, store));
      }
      if (random() < 0.3) await nextTurn();
    }
    await Promise.all(running);
    for (const [store, rows] of expected) {
      expect(contents(state.open(store, 0))).toEqual(
        Object.fromEntries([...rows].map(([n, text]) => [`key-${n}`, text])),
      );
    }
  });

  test('says so for good when the file cannot be opened again', async () => {
    const budget = new Spent();
    const state = await open(budget);
    await put(state, 0, 'row 0');
    await mappedTimes(budget, 2);
    const file = join(stateFolder, 'app', 'data.mdb');
    unlinkSync(file);
    writeFileSync(file, Buffer.alloc(40_000, 'no state '));
    const failure = { name: 'StorageError', code: 'STATE_REOPEN' };
    await put(state, 1, 'row 1');
    for (;;) {
      await nextTurn();
      try {
        state.open('s', 0).get(key(9));
      } catch (error) {
        expect(error).toMatchObject(failure);
        await expect(put(state, 2, 'row 2')).rejects.toMatchObject(failure);
        await expect(state.close()).rejects.toMatchObject(failure);
        backend = undefined;
        return;
      }
    }
  });
});

describe.runIf(residentFileBytes() !== undefined)('resident memory of a state', () => {
  test('comes down again and again while all of it is written and read', async () => {
    const maxBytes = 8 * 1024 ** 2;
    const state = await open(new MappedBudget(maxBytes));
    const before = residentFileBytes() as number;
    let most = 0;
    const table = state.open('s', 0);
    for (let n = 0; n < 200; n++) {
      const rows = Array.from(
        { length: 100 },
        (_, i) => [key(n * 100 + i), Buffer.alloc(6_000, n)] as const,
      );
      await state.apply([{ store: 's', partition: 0, rows, position: n }], 'log-1');
      for (let i = 0; i < 20; i++) table.get(key(Math.floor((n * 100 * i) / 20)));
      await nextTurn();
      most = Math.max(most, (residentFileBytes() as number) - before);
    }
    expect(most).toBeGreaterThan(maxBytes / 2);
    // It is looked at between writes only, and a page that is read brings its neighbours.
    for (let n = 200; (residentFileBytes() as number) - before > 2 * maxBytes; n++) {
      await put(state, n, 'one more');
      await nextTurn();
    }
    await state.close();
    backend = undefined;
    const fileBytes = statSync(join(stateFolder, 'app', 'data.mdb')).size;
    expect(fileBytes).toBeGreaterThan(12 * maxBytes);
  });
});

function contents(table: StateTable): Record<string, string> {
  return Object.fromEntries(
    [...table.range(undefined, undefined)].map(([k, row]) => [k.toString(), row.toString()]),
  );
}
