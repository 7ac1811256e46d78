import { describe, expect, test } from 'vitest';
import type { Definition, OperatorDef, TableDef } from '../../../topology/definition/definition.ts';
import type { Plan } from '../../../topology/plan/plan.ts';
import { define, end, stage, stream } from '../graph/small.ts';
import { planOf, shape, sourceOf, stageOf, storesOf } from './small-plan.ts';

const even: OperatorDef = { kind: 'filter', when: { expr: 'value.region == "eu"' } };
const odd: OperatorDef = { kind: 'filter-not', when: { expr: 'value.region == "eu"' } };
const same: OperatorDef = { kind: 'map-values', value: { expr: 'value' } };
const regroup: OperatorDef = { kind: 'count', group: { by: 'expr', key: 'value.region' } };
const keep = (operator: OperatorDef, store: string): OperatorDef =>
  ({ ...operator, store }) as OperatorDef;

function planned(stages: Definition['stages'], table: Partial<TableDef> = {}): Plan {
  const tables = { rows: stream('shop.Customer', table) };
  return planOf(define({ tables, stages: { ...stages, other: end('orders') } }));
}

const toStream = { out: stage('f', { kind: 'to-stream' }), sink: end('out') };
const join = (type: 'inner' | 'left', table: string): OperatorDef => ({
  kind: 'join',
  with: table,
  type,
  value: { expr: 'left.id' },
});

describe('kept tables', () => {
  test('are not those that nothing looks rows up in', () => {
    const made = planned({ f: stage('rows', even), ...toStream });
    expect(sourceOf(made, 'rows').store).toBeUndefined();
    expect(storesOf(made)).toEqual([]);
  });

  test('are those with a store by name', () => {
    const made = planned({ f: stage('rows', even), ...toStream }, { store: 'kept' });
    expect(sourceOf(made, 'rows').store).toBe('kept');
    expect(storesOf(made)).toEqual(['kept: string → shop.Customer, app-kept-changelog, ttl none']);
  });

  test('are those that are joined, in the sub-topology of the join', () => {
    const made = planned({ j: stage('orders', join('inner', 'rows')), sink: end('j') });
    expect(sourceOf(made, 'rows').store).toBe('rows');
    expect(stageOf(made, 'j').stores).toEqual(['rows']);
    expect(stageOf(made, 'j').inputs['with']).toEqual([{ node: 'rows', output: 'out' }]);
    expect(shape(made)).toEqual(['j: orders, other, rows, j, sink']);
  });

  test('are those above a joined table that is derived', () => {
    const made = planned({
      f: stage('rows', even),
      j: stage('orders', join('inner', 'f')),
      sink: end('j'),
    });
    expect(sourceOf(made, 'rows').store).toBe('rows');
    expect(stageOf(made, 'f').store).toBeUndefined();
    expect(stageOf(made, 'j').stores).toEqual(['rows']);
  });

  test('are read from the nearest store above', () => {
    const made = planned({
      f: stage('rows', keep(even, 'kept')),
      m: stage('f', same),
      j: stage('orders', join('inner', 'm')),
      sink: end('j'),
    });
    expect(sourceOf(made, 'rows').store).toBeUndefined();
    expect(stageOf(made, 'j').stores).toEqual(['kept']);
  });

  test('are to-tables that are joined, but not others', () => {
    const stages = (joined: boolean): Definition['stages'] => ({
      t: stage('orders', { kind: 'to-table' }),
      s: stage('t', { kind: 'to-stream' }),
      sink: end('s'),
      ...(joined ? { j: stage('orders', join('inner', 't')), more: end('j') } : {}),
    });
    expect(stageOf(planned(stages(false)), 't').store).toBeUndefined();
    expect(stageOf(planned(stages(true)), 't').store).toBe('t');
  });

  test('are always those of aggregates, under the name of their stage', () => {
    const made = planned({ c: stage('orders', { kind: 'count', group: { by: 'key' } }) });
    expect(stageOf(made, 'c').store).toBe('c');
    expect(storesOf(made)).toEqual(['c: string → long, app-c-changelog, ttl none']);
  });

  test('are read by a process stage that names their store', () => {
    const made = planned({
      p: stage('orders', { kind: 'process', use: 'work', stores: ['rows'] }),
    });
    expect(sourceOf(made, 'rows').store).toBe('rows');
    expect(shape(made)).toEqual(['other: orders, other, p, rows']);
  });

  test('are restored from their own topic where it is compacted', () => {
    const stages = { j: stage('orders', join('inner', 'rows')), sink: end('j') };
    expect(planned(stages, { cleanup: 'compact' }).stores.get('rows')).toMatchObject({
      changelog: 'shop.Customers',
      sourceBacked: true,
    });
    expect(planned(stages).stores.get('rows')).toMatchObject({
      changelog: 'app-rows-changelog',
      sourceBacked: false,
    });
  });
});

describe('old rows', () => {
  test('are not sent where nothing is kept', () => {
    const made = planned({ f: stage('rows', even), ...toStream });
    expect(sourceOf(made, 'rows').sendOld).toBe(false);
    expect(stageOf(made, 'f').sendOld).toBe(false);
  });

  test('are taken by a filter whose table is kept (testMaterializedKTable)', () => {
    const made = planned(
      { m: stage('rows', same), f: stage('m', even), ...toStream },
      { store: 'fred' },
    );
    expect(sourceOf(made, 'rows').sendOld).toBe(true);
    expect(stageOf(made, 'm').sendOld).toBe(true);
    expect(stageOf(made, 'f').sendOld).toBe(false);
  });

  test('are not taken by a filter for the sake of its own store (shouldPassThroughOnMaterialization)', () => {
    const made = planned({
      f: stage('rows', keep(even, 'store2')),
      g: stage('rows', odd),
      ...toStream,
      out2: stage('g', { kind: 'to-stream' }),
      sink2: end('out2'),
    });
    expect(sourceOf(made, 'rows').store).toBeUndefined();
    expect(sourceOf(made, 'rows').sendOld).toBe(false);
    expect(stageOf(made, 'f').store).toBe('store2');
    expect(stageOf(made, 'f').sendOld).toBe(false);
  });

  test('are forced by a re-grouping, through what is derived (shouldSkipNullToRepartitionWithoutMaterialization)', () => {
    const made = planned({ f: stage('rows', even), c: stage('f', regroup) });
    expect(sourceOf(made, 'rows')).toMatchObject({ store: 'rows', sendOld: true });
    expect(stageOf(made, 'f').sendOld).toBe(true);
    expect(stageOf(made, 'f').store).toBeUndefined();
  });

  test('are sent by the nearest table that is kept', () => {
    const made = planned({
      m: stage('rows', same),
      f: stage('m', keep(same, 'kept')),
      c: stage('f', regroup),
    });
    expect(sourceOf(made, 'rows')).toMatchObject({ sendOld: false });
    expect(sourceOf(made, 'rows').store).toBeUndefined();
    expect(stageOf(made, 'f')).toMatchObject({ store: 'kept', sendOld: true });
  });

  test('are sent by an aggregate that is re-grouped', () => {
    const made = planned({
      c: stage('orders', { kind: 'count', group: { by: 'key' } }),
      d: stage('c', { kind: 'count', group: { by: 'expr', key: 'value' } }),
    });
    expect(stageOf(made, 'c').sendOld).toBe(true);
    expect(stageOf(made, 'd').sendOld).toBe(false);
  });

  test('are sent by a to-table that is re-grouped, which is kept for it', () => {
    const made = planned({
      t: stage('orders', { kind: 'to-table' }),
      c: stage('t', { kind: 'count', group: { by: 'expr', key: 'value.customerId' } }),
    });
    expect(stageOf(made, 't')).toMatchObject({ store: 't', sendOld: true });
  });

  test('do not depend on the order of declarations', () => {
    const filtered = { f: stage('rows', even), ...toStream };
    const joined = { j: stage('orders', join('inner', 'rows')), sinks: end('j') };
    const one = planned({ ...filtered, ...joined });
    const two = planned({ ...joined, ...filtered });
    expect(sourceOf(one, 'rows').sendOld).toBe(true);
    expect(sourceOf(two, 'rows').sendOld).toBe(true);
  });
});
