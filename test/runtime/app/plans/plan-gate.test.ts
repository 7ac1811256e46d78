import { beforeEach, describe, expect, test } from 'vitest';
import { PlanGate } from '../../../../runtime/app/plans/plan-gate.ts';
import { PlanRecords } from '../../../../runtime/app/plans/plan-records.ts';
import { MemoryLog } from '../../../../runtime/memory/memory-log.ts';
import { digestOf } from '../../../../topology/plan/compare/manifest.ts';
import { type Edit, manifest, orders, swap } from '../../../topology/plan/compare/edits.ts';
import { realClock } from '../../log-harness.ts';

const first = manifest(orders);
const edited = (edit: Edit) => manifest(orders, edit, first.subTopologies);
const rolling = edited({ topology: swap('timeout: 2s', 'timeout: 3s') });
const other = edited({ topology: swap('limit: 64', 'limit: 32') });
const rebuilt = edited({ topology: swap('by: value.id, compare', 'by: key, compare') });

let log: MemoryLog;
let records: PlanRecords;
beforeEach(async () => {
  log = new MemoryLog({ clock: realClock });
  await log.admin.create({
    name: 'orders-control',
    partitions: 1,
    cleanup: 'compact',
    retention: 'forever',
  });
  records = new PlanRecords(log, 'orders', 'a');
});

const current = async () => (await records.read('committed')).current?.digest;

describe('PlanRecords', () => {
  test('knows nothing without a control topic', async () => {
    const none = new PlanRecords(new MemoryLog({ clock: realClock }), 'orders', 'a');
    expect(await none.read('committed')).toEqual({ current: undefined, plans: new Map() });
  });

  test('gives a plan back, and which one runs', async () => {
    const digest = await records.add(first);
    expect(await current()).toBeUndefined();
    await records.setCurrent(digest, []);
    expect((await records.read('committed')).current).toEqual({
      digest: digestOf(first),
      manifest: first,
      offset: 0,
    });
  });

  test('writes one thing after the other, whoever does not wait', async () => {
    await Promise.all([records.add(first), records.add(rolling)]);
    const { plans } = await records.read('committed');
    expect([...plans.keys()]).toEqual([digestOf(first), digestOf(rolling)]);
  });
});

describe('PlanGate', () => {
  test('lets the first plan in, and makes it the one that runs', async () => {
    const gate = new PlanGate(records, first);
    await records.add(first);
    expect(await gate.admit([gate.digest])).toEqual(new Map());
    expect(await current()).toBe(gate.digest);
  });

  test('waits for no open transaction where all run the plan that ran before', async () => {
    await new PlanGate(records, first).admit([await records.add(first)]);
    const pending = Object.assign(Object.create(log) as MemoryLog, {
      ends: (...[partitions, isolation]: Parameters<MemoryLog['ends']>) =>
        isolation === 'committed' ? log.ends(partitions, isolation) : new Promise(() => {}),
    });
    const gate = new PlanGate(new PlanRecords(pending, 'orders', 'b'), first);
    expect(await gate.admit([gate.digest, gate.digest])).toEqual(new Map());
    expect(gate.tasksOf(gate.digest).length).toBeGreaterThan(0);
    // Another one may have been made known a moment ago.
    const other = gate.admit([gate.digest, 'another']);
    const soon = new Promise((resolve) => setTimeout(resolve, 50, 'it waits'));
    expect(await Promise.race([other, soon])).toBe('it waits');
  });

  test('lets a rolling edit in beside what runs, and forgets the old plan when it is gone', async () => {
    const gate = new PlanGate(records, first);
    await records.add(first);
    await gate.admit([gate.digest]);
    const next = await records.add(rolling);
    expect(await gate.admit([gate.digest, next])).toEqual(new Map());
    expect(await current()).toBe(next);
    const last = await records.add(other);
    expect(await gate.admit([next, last])).toEqual(new Map());
    const { plans } = await records.read('committed');
    expect([...plans.keys()]).toEqual([next, last]);
  });

  test('refuses another edit beside what runs, and says which differences', async () => {
    const gate = new PlanGate(records, first);
    await records.add(first);
    await gate.admit([gate.digest]);
    const next = await records.add(rebuilt);
    const refused = await gate.admit([gate.digest, next]);
    expect([...refused.keys()]).toEqual([next]);
    expect(refused.get(next)).toBe(
      'its plan does not go together with what runs:\n' +
        '  rebuild   stage "arrived": what tells repeats is key, value instead of value.id, value; the rows of "arrived-seen" lie under the old one',
    );
    expect(await current()).toBe(gate.digest);
  });

  test('lets any plan in when nobody of the old one is left', async () => {
    const gate = new PlanGate(records, rebuilt);
    await records.setCurrent(await records.add(first), []);
    await records.add(rebuilt);
    expect(await gate.admit([gate.digest])).toEqual(new Map());
    expect(await current()).toBe(gate.digest);
  });

  test('refuses a plan that is not in the control topic', async () => {
    const gate = new PlanGate(records, first);
    await records.add(first);
    expect(await gate.admit([gate.digest, 'unheard'])).toEqual(
      new Map([['unheard', 'its plan unheard is not in the control topic']]),
    );
  });

  test('makes its plan known again when that was forgotten while its members were out', async () => {
    const gate = new PlanGate(records, first);
    await records.add(first);
    await gate.admit([gate.digest]);
    expect(await gate.announce()).toBe(false);
    const next = await records.add(rolling);
    await gate.admit([next]);
    expect([...(await gate.admit([gate.digest, next])).keys()]).toEqual([gate.digest]);
    expect(await gate.announce()).toBe(true);
    expect(await gate.admit([gate.digest, next])).toEqual(new Map());
  });

  test('tells the tasks of each plan', async () => {
    const gate = new PlanGate(records, first);
    const next = await records.add(rolling);
    await gate.admit([next]);
    const ids = gate.tasksOf(next).map(({ id }) => id);
    expect(ids).toHaveLength(16);
    expect(gate.tasksOf(gate.digest).map(({ id }) => id)).toEqual(ids);
    expect(gate.tasksOf(next)[0]).toEqual({
      id: 'arrived_0',
      inputs: [
        { topic: 'orders-reserve-release-repartition', partition: 0 },
        { topic: 'orders-reserve-settle-repartition', partition: 0 },
        { topic: 'orders-reserve-take-repartition', partition: 0 },
        { topic: 'warehouse.deliveries', partition: 0 },
      ],
      stores: 3,
    });
  });
});
