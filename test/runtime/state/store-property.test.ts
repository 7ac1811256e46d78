import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { StateBackend } from '../../../runtime/ports.ts';
import { lmdbFixture, memoryFixture, renewingFixture, StoreRig } from './harness.ts';
import type { BackendFixture } from './harness.ts';

type Row = readonly [value: unknown, time: number, keep: boolean];
type Rows = ReadonlyMap<string, Row>;

/**
 * What a store should show: whole copies, layer upon layer, each with the stream time that belongs
 * to it.
 */
class Model {
  committed: Rows = new Map();
  committedTime = -1;
  inCommit: { rows: Rows; time: number }[] = [];
  completed: Rows = new Map();
  completedTime = -1;
  batch: Map<string, Row> | undefined;
  savepoint: Map<string, Row> | undefined;

  /** What the open batch sees; between batches, what the next one would see. */
  current(): Rows {
    return this.batch ?? this.completed;
  }

  dropUncommitted(): void {
    this.completed = this.committed;
    this.completedTime = this.committedTime;
    this.inCommit = [];
    this.batch = undefined;
    this.savepoint = undefined;
  }
}

const frequent = new Set(['begin', 'complete', 'seal', 'acknowledge', 'apply']);
const key = fc.constantFrom('a', 'b', 'c', 'é', 'dd', '');
const op = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('put'),
      key,
      value: fc.nat(99),
      age: fc.nat(80),
      keep: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete'), key }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read'), key }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('range'), from: fc.option(key), to: fc.option(key) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('time'), by: fc.nat(90) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('sweep'), limit: fc.integer({ min: 1, max: 4 }) }),
  },
  ...[
    'begin',
    'complete',
    'drop-batch',
    'savepoint',
    'rollback',
    'seal',
    'acknowledge',
    'apply',
    'abort',
    'crash',
    'evict',
  ].map((what) => ({
    weight: frequent.has(what) ? 4 : 1,
    arbitrary: fc.record({ do: fc.constant(what) }),
  })),
);

interface Op {
  do: string;
  key?: string;
  value?: number;
  age?: number;
  keep?: boolean;
  from?: string | null;
  to?: string | null;
  by?: number;
  limit?: number;
}

const ttl = 64;

function alive(rows: Rows, streamTime: number, hasTtl: boolean): Record<string, Row> {
  const kept = [...rows].filter(([, [, time, keep]]) => !hasTtl || keep || streamTime < time + ttl);
  return Object.fromEntries(
    kept.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
}

async function run(
  ops: readonly Op[],
  fresh: StateBackend,
  reopen: () => Promise<StateBackend>,
  hasTtl: boolean,
): Promise<void> {
  const settings = { ttl: hasTtl ? ttl : ('none' as const), cacheBytes: 900 };
  let rig = new StoreRig(fresh, settings);
  const model = new Model();
  const inBatch = (): Map<string, Row> => {
    if (model.batch === undefined) {
      rig.store.beginBatch();
      model.batch = new Map(model.completed);
    }
    return model.batch;
  };
  for (const o of ops) {
    switch (o.do) {
      case 'put': {
        const time = Math.max(0, rig.time.streamTime - (o.age as number));
        inBatch().set(o.key as string, [o.value, time, o.keep as boolean]);
        rig.store.put(o.key, o.value, time, o.keep);
        break;
      }
      case 'delete':
        inBatch().delete(o.key as string);
        rig.store.delete(o.key);
        break;
      case 'read': {
        const expected = alive(model.current(), rig.time.streamTime, hasTtl)[o.key as string];
        const row = rig.store.row(o.key);
        expect(row && [row.value, row.time, row.keep]).toEqual(expected);
        break;
      }
      case 'range': {
        const [from, to] = [o.from ?? undefined, o.to ?? undefined].map((k) => k && Buffer.from(k));
        const expected = Object.keys(alive(model.current(), rig.time.streamTime, hasTtl)).filter(
          (k) =>
            (!from || Buffer.compare(Buffer.from(k), from as Buffer) >= 0) &&
            (to === undefined || Buffer.compare(Buffer.from(k), Buffer.from(to)) < 0),
        );
        const bounds = {
          ...(typeof o.from === 'string' ? { from: o.from } : {}),
          ...(typeof o.to === 'string' ? { to: o.to } : {}),
        };
        expect([...rig.store.range(bounds)].map(([k]) => k)).toEqual(expected);
        break;
      }
      case 'time':
        inBatch();
        rig.time.streamTime += o.by as number;
        break;
      case 'sweep':
        inBatch();
        rig.store.sweep(o.limit as number);
        break;
      case 'begin':
        inBatch();
        break;
      case 'complete':
        if (model.batch === undefined) break;
        rig.store.commitBatch();
        model.completed = model.batch;
        model.completedTime = rig.time.streamTime;
        model.batch = undefined;
        model.savepoint = undefined;
        break;
      case 'drop-batch':
        rig.store.dropBatch();
        rig.time.streamTime = model.completedTime;
        model.batch = undefined;
        model.savepoint = undefined;
        break;
      case 'savepoint':
        model.savepoint = new Map(inBatch());
        rig.store.savepoint();
        break;
      case 'rollback':
        if (model.savepoint === undefined) break;
        rig.store.rollbackToSavepoint();
        model.batch = new Map(model.savepoint);
        break;
      case 'seal':
        rig.seal();
        model.inCommit.push({ rows: model.completed, time: model.completedTime });
        break;
      case 'acknowledge': {
        const sealed = model.inCommit.shift();
        if (sealed === undefined) break;
        rig.acknowledge();
        model.committed = sealed.rows;
        model.committedTime = sealed.time;
        break;
      }
      case 'apply':
        if (rig.toApply > 0) await rig.apply();
        break;
      case 'abort':
        rig.dropUncommitted();
        model.dropUncommitted();
        rig.time.streamTime = model.committedTime;
        break;
      case 'crash':
        model.dropUncommitted();
        rig = await rig.restart(await reopen());
        rig.time.streamTime = model.committedTime;
        break;
      case 'evict':
        for (let i = 0; i < 20; i++) rig.store.row(`filler-${i}`);
        break;
      default:
        throw new Error(`no op ${o.do}`);
    }
    expect(rig.content()).toEqual(alive(model.current(), rig.time.streamTime, hasTtl));
  }
  // At the end all is committed: disk = fold of the changelog = model, also in a store restored
  // from nothing.
  if (model.batch !== undefined) {
    rig.store.commitBatch();
    model.completed = model.batch;
    model.completedTime = rig.time.streamTime;
  }
  rig.seal();
  while (rig.inCommit > 0) rig.acknowledge();
  while (rig.toApply > 0) await rig.apply();
  model.committed = model.completed;
  model.committedTime = model.completedTime;
  const fold = new Map<string, Row>();
  for (const { key: k, value, time, keep } of rig.changelog) {
    const text = String(Buffer.from(k));
    if (value === null) fold.delete(text);
    else fold.set(text, [JSON.parse(String(Buffer.from(value))), time, keep]);
  }
  const time = model.committedTime;
  expect(alive(fold, time, hasTtl)).toEqual(alive(model.committed, time, hasTtl));
  expect(rig.content()).toEqual(alive(fold, time, hasTtl));
  const position = rig.backend.open('totals', 0).position();
  expect(position ?? 0).toBe(rig.changelog.length);
  expect(rig.backend.open('totals', 0).count()).toBe(fold.size);
  if (hasTtl && ops.length % 2 === 1) return expectAllSwept(rig, fold);
  expectEvictable(rig);
  const again = await rig.restart(await reopen());
  again.time.streamTime = time;
  expect(again.content()).toEqual(alive(fold, time, hasTtl));
  if (hasTtl && ops.length % 2 === 0) await expectAllSwept(again, fold);
}

/** Nothing is pinned in memory when everything is on disk. */
function expectEvictable(rig: StoreRig): void {
  for (let i = 0; i < 60; i++) rig.store.row(`other-${i}`);
  expect(rig.cache.bytes).toBeLessThanOrEqual(rig.cache.maxBytes);
}

/**
 * When every ttl is over, sweeping leaves the kept rows and an empty index, in the store that was
 * there and in a restored one.
 */
async function expectAllSwept(rig: StoreRig, rows: Rows): Promise<void> {
  const kept = [...rows].filter(([, [, , keep]]) => keep).length;
  rig.time.streamTime = 1_000_000;
  const sweep = (): number => {
    let looked = 0;
    rig.batch((store) => (looked = store.sweep(3)));
    return looked;
  };
  while (sweep() === 3);
  await rig.commit();
  expect(rig.backend.open('totals', 0).count()).toBe(kept);
  expect(rig.backend.open('totals!expiry', 0).count()).toBe(0);
}

describe.each([
  [memoryFixture, 1500],
  [lmdbFixture, 60],
  [renewingFixture, 60],
] as const)('a store under random work, aborts and crashes', (make, numRuns) => {
  const fixture: BackendFixture = make();
  afterAll(() => fixture.dispose());

  test.each([false, true])(
    `shows what a plain map shows, on ${fixture.name} (ttl: %s)`,
    async (hasTtl) => {
      await fc.assert(
        fc.asyncProperty(fc.array(op, { minLength: 5, maxLength: 120 }), async (ops) => {
          const backend = await fixture.reopen();
          for (const { store, partition } of backend.tables()) await backend.wipe(store, partition);
          await run(ops, backend, () => fixture.reopen(), hasTtl);
        }),
        { numRuns },
      );
    },
    120_000,
  );
});
