import { expect, test } from 'vitest';
import { undrained } from '../../../../runtime/app/plans/undrained.ts';
import { appendOnce } from '../../../../runtime/app/append-once.ts';
import { MemoryLog } from '../../../../runtime/memory/memory-log.ts';
import type { Difference } from '../../../../topology/plan/compare/difference.ts';
import { batchOf, plain } from '../../codec/records.ts';
import { realClock } from '../../log-harness.ts';

const drain = (...drains: readonly string[]): Difference => ({
  verdict: 'drain',
  subject: { kind: 'stage', name: 's' },
  change: 'it is gone',
  drains,
});

async function logWith(cleanup: 'delete' | 'compact', name = 't'): Promise<MemoryLog> {
  const log = new MemoryLog({ clock: realClock });
  await log.admin.create({ name, partitions: 2, cleanup, retention: 'forever' });
  return log;
}

const append = (log: MemoryLog, key: string, value: string | null, topic = 't'): Promise<void> =>
  appendOnce(log, 'test', {
    topic,
    partition: 1,
    records: 1,
    batch: batchOf(plain(key, value)),
  });

test('a topic is undrained until the application has taken its records', async () => {
  const log = await logWith('delete');
  const differences = [drain('t', 'no-such')];
  expect(await undrained(log, 'app', differences)).toEqual(new Set());
  await append(log, 'k', 'v');
  expect(await undrained(log, 'app', differences)).toEqual(new Set(['t']));
  await log.admin.setPositions('app', [{ topic: 't', partition: 1, offset: 1 }]);
  expect(await undrained(log, 'app', differences)).toEqual(new Set());
});

test('a journal is undrained while it holds a row', async () => {
  const log = await logWith('compact');
  await append(log, 'call', 'open');
  expect(await undrained(log, 'app', [drain('t')])).toEqual(new Set(['t']));
  await append(log, 'call', null);
  expect(await undrained(log, 'app', [drain('t')])).toEqual(new Set());
});

test('a parked store is undrained while a key is parked', async () => {
  const topic = 'app-run-parked-changelog';
  const log = await logWith('compact', topic);
  const totals = (keys: number): string => JSON.stringify({ keys, held: keys, freedMs: 7 });
  await append(log, 't', totals(1), topic);
  expect(await undrained(log, 'app', [drain(topic)])).toEqual(new Set([topic]));
  await append(log, 't', totals(0), topic);
  expect(await undrained(log, 'app', [drain(topic)])).toEqual(new Set());
});

test('a store that is only called like a parked one is undrained while it holds a row', async () => {
  const topic = 'app-my-parked-changelog';
  const log = await logWith('compact', topic);
  await append(log, 't', 'a row', topic);
  expect(await undrained(log, 'app', [drain(topic)])).toEqual(new Set([topic]));
});
