import { beforeAll, describe, expect, test } from 'vitest';
import { sample } from './baskets.ts';
import { checkWithoutCrash } from './checks/without-crash.ts';
import { statesOf } from './checks/states.ts';
import { runInDriver } from './driver/run-driver.ts';
import type { Evidence, LoggedRecord, Rows } from './evidence.ts';
import type { CheckName } from './finding.ts';
import { verify } from './verify.ts';

/** A run with everything in it that the model knows. Tests tamper with copies of it. */
let evidence: Evidence;
beforeAll(async () => {
  const baskets = await sample(150);
  const options = { baskets, seed: 5, point: undefined, crashes: 0, shortShare: 0.08 } as const;
  const result = await runInDriver({ ...options, strays: true });
  expect(result.findings).toEqual([]);
  ({ evidence } = result);
}, 240_000);

/** The evidence with the records of a topic changed. */
function withTopic(
  topic: string,
  change: (partitions: LoggedRecord[][]) => LoggedRecord[][],
): Evidence {
  const partitions = (evidence.topics.get(topic) ?? []).map((records) => [...records]);
  return { ...evidence, topics: new Map(evidence.topics).set(topic, change(partitions)) };
}

/** Without the last record of each partition. */
function shortened(partitions: LoggedRecord[][]): LoggedRecord[][] {
  return partitions.map((records) => records.slice(0, -1));
}

/** The first partition with two records of different keys in the place of each other. */
function swapped(partitions: LoggedRecord[][]): LoggedRecord[][] {
  const [records = []] = partitions;
  const [first, second, ...rest] = records;
  return first === undefined || second === undefined
    ? partitions
    : [[second, first, ...rest], ...partitions.slice(1)];
}

function withRows(place: string, change: (rows: Rows) => Rows): Evidence {
  const rows = change(evidence.stores.get(place) ?? new Map());
  return { ...evidence, stores: new Map(evidence.stores).set(place, rows) };
}

function checksOf(tampered: Evidence): ReadonlySet<CheckName> {
  const unknown = new Set(
    [...statesOf(evidence)].filter(([, all]) => all.includes('PAYMENT_UNKNOWN')).map(([id]) => id),
  );
  const answers = new Map(evidence.ledger.map(({ key, state }) => [key, state]));
  const findings = verify(tampered, (key) => {
    if (unknown.has(key.replace('charge-', ''))) return 'UNKNOWN';
    return answers.get(key) === 'DECLINED' ? 'DECLINED' : 'APPROVED';
  });
  return new Set(findings.map(({ check }) => check));
}

describe('verify', () => {
  test('finds nothing in a run without fault that has everything in it', () => {
    expect([...checksOf(evidence)]).toEqual([]);
    const states = new Set([...statesOf(evidence).values()].flat());
    expect([...states].sort(byText)).toEqual([
      'OUT_OF_STOCK',
      'PAID',
      'PAYMENT_DECLINED',
      'PAYMENT_UNKNOWN',
      'REJECTED',
    ]);
    const stages = (evidence.topics.get('orders.dead-letters') ?? [])
      .flat()
      .map(({ headers }) => headers.find(([name]) => name.endsWith('.stage'))?.[1]);
    expect([...new Set(stages)].sort(byText)).toEqual(['arrived', 'once', 'reserve']);
    expect((evidence.topics.get('orders-reserve-settle-repartition') ?? []).flat()).not.toEqual([]);
  });

  test('takes records by offset where there are others between them', () => {
    const apart = (offset: number): number => 3 * offset + 2;
    const movedApart = (record: LoggedRecord): LoggedRecord => ({
      ...record,
      offset: apart(record.offset),
      // A dead letter says where its record was.
      headers: record.headers.map(([name, text]) =>
        name.endsWith('errors.offset') ? [name, String(apart(Number(text)))] : [name, text],
      ),
    });
    const topics = new Map(
      [...evidence.topics].map(([topic, partitions]) => [
        topic,
        partitions.map((records) => records.map(movedApart)),
      ]),
    );
    const trace = evidence.trace.map((it) => ({ ...it, offset: apart(it.offset) }));
    // A marker stands after the last record: both of the offsets behind it are the end.
    const moved = (by: number): Evidence['positions'] =>
      new Map(
        [...evidence.positions].map(([topic, offsets]) => [
          topic,
          new Map([...offsets].map(([partition, offset]) => [partition, 3 * offset + by])),
        ]),
      );
    const found = (positions: Evidence['positions']): unknown[] => [
      ...checksOf({ ...evidence, topics, trace, positions, ends: moved(1) }),
    ];
    expect(found(moved(0))).toEqual([]);
    expect(found(moved(1))).toEqual([]);
    expect(found(moved(2))).toContain('taken-once');
    expect(found(moved(-1))).toContain('taken-once');
  });

  test('finds a record that no task took, and one that was taken twice', () => {
    const { trace } = evidence;
    expect(checksOf({ ...evidence, trace: trace.slice(0, -1) })).toContain('taken-once');
    expect(checksOf({ ...evidence, trace: [...trace, ...trace.slice(-1)] })).toContain(
      'taken-once',
    );
  });

  test('finds a committed position that is not the end', () => {
    const positions = new Map(evidence.positions).set('orders.placed', new Map([[0, 1]]));
    expect([...checksOf({ ...evidence, positions })]).toEqual(['taken-once']);
  });

  test.each([
    'orders.status',
    'orders.paid',
    'orders.dead-letters',
    'orders-charge-repartition',
    'orders-reserve-take-repartition',
  ])('finds a record that is missing in %s', (topic) => {
    expect(checksOf(withTopic(topic, shortened))).toContain('output-equals-model');
  });

  test('finds two records of a task in the wrong order', () => {
    const take = 'orders-reserve-take-repartition';
    const byTask = withTopic(take, ([records = [], ...others]) => [
      [...records].reverse(),
      ...others,
    ]);
    expect(checksOf(byTask)).toContain('output-equals-model');
    expect(checksOf(withTopic('orders.paid', swapped))).toContain('output-equals-model');
  });

  test('finds an order with two final states, and one without any', () => {
    const doubled = withTopic('orders.status', ([records = [], ...others]) => [
      [...records, ...records.slice(-1)],
      ...others,
    ]);
    expect(checksOf(doubled)).toContain('one-final-state');
    expect(checksOf(withTopic('orders.status', shortened))).toContain('one-final-state');
  });

  test('finds a row that is missing, one too many and one of another time', () => {
    const [place = ''] = [...evidence.stores.keys()].filter((it) => it.startsWith('stock/'));
    const [[key, row] = ['', { value: Buffer.alloc(0), time: 0, keep: false }]] =
      evidence.stores.get(place) ?? [];
    const without = withRows(place, (rows) => new Map([...rows].slice(1)));
    const later = withRows(place, (rows) => new Map(rows).set(key, { ...row, time: 1 }));
    const more = withRows('charge-journal/0', () => new Map([[key, row]]));
    for (const tampered of [without, later, more]) {
      const checks = checksOf(tampered);
      expect(checks).toContain('store-equals-changelog');
      expect(checks).toContain('store-equals-model');
    }
  });

  test('finds a call that is journaled still', () => {
    const row = { value: Buffer.from('01427595', 'hex'), time: 0, keep: false };
    const left = withRows('charge-journal/0', () => new Map([['61', row]]));
    expect(checksOf(left)).toEqual(new Set(['store-equals-changelog', 'store-equals-model']));
  });

  test('finds counters that do not add up', () => {
    const [task = '', control] = [...evidence.controls].find(([id]) => id === 'once_0') ?? [];
    if (control === undefined) throw new Error('no control record of once_0');
    const once = { ...control.outcomes['once'], duplicate: 1000 };
    const wrong = { ...control, outcomes: { ...control.outcomes, once } };
    const controls = new Map(evidence.controls).set(task, wrong);
    const checks = checksOf({ ...evidence, controls });
    expect([...checks]).toEqual(['counters', 'conservation']);
  });

  test('finds a charge that was made twice, one too many and one of another amount', () => {
    const { ledger } = evidence;
    const [approved] = ledger.filter(
      ({ orderId }) => statesOf(evidence).get(orderId)?.includes('PAID') === true,
    );
    if (approved === undefined) throw new Error('nothing was paid');
    const twice = [...ledger, approved];
    const more = [...ledger, { ...approved, key: 'charge-x', orderId: 'x' }];
    const others = ledger.filter((charge) => charge !== approved);
    const dearer = [...others, { ...approved, cents: approved.cents + 1 }];
    for (const tampered of [twice, more, dearer]) {
      expect([...checksOf({ ...evidence, ledger: tampered })]).toEqual(['charged-once']);
    }
  });

  test('finds an output that differs from that of another run', () => {
    const other = withTopic('orders.paid', shortened);
    const findings = checkWithoutCrash(other, evidence);
    expect(findings.map(({ check }) => check)).toContain('same-without-crash');
    expect(checkWithoutCrash(evidence, evidence)).toEqual([]);
  });
});

function byText(a: string | undefined, b: string | undefined): number {
  return String(a).localeCompare(String(b));
}
