import { describe, expect, test } from 'vitest';
import type { Definition, ErrorPolicyDef } from '../../../topology/definition/definition.ts';
import type { Parking } from '../../../topology/plan/plan.ts';
import { define, end, keyed, stage, stream } from '../graph/small.ts';
import { planOf, storesOf, topicsOf } from './small-plan.ts';

const park = (most: number, whenFull: 'wait' | 'stop' = 'wait'): ErrorPolicyDef => ({
  deadLetter: 'failed',
  parkByKey: { most, whenFull },
});
const count = { kind: 'count', group: { by: 'key' } } as const;
const plain = { deadLetter: 'failed' };

/** Sub-topology → its parking. */
function parkings(definition: Definition): Readonly<Record<string, Parking | undefined>> {
  const subs = planOf(definition).subTopologies.map(({ id, parking }) => [id, parking] as const);
  return Object.fromEntries(subs);
}

describe('parking', () => {
  test('is not there where no policy says so', () => {
    const made = planOf(define({ stages: { a: end('orders') }, errors: { default: plain } }));
    expect(made.subTopologies[0]).not.toHaveProperty('parking');
    expect(storesOf(made)).toEqual([]);
  });

  test('brings a store of bytes with a changelog to each sub-topology under the default', () => {
    const stages = { a: keyed('orders', 'value.id', { kind: 'pass' }), b: stage('a', count) };
    const errors = { default: park(10_000) };
    const made = planOf(
      define({ streams: { orders: stream('shop.Order', { partitions: 3 }) }, stages, errors }),
    );
    expect(made.subTopologies.map(({ parking, stores }) => ({ parking, stores }))).toEqual([
      {
        parking: { store: 'a-parked', topics: ['shop.Orders'], most: 10_000, whenFull: 'wait' },
        stores: ['a-parked'],
      },
      {
        parking: {
          store: 'b-parked',
          topics: ['app-b-repartition'],
          most: 10_000,
          whenFull: 'wait',
        },
        stores: ['b', 'b-parked'],
      },
    ]);
    expect(storesOf(made)).toEqual([
      'a-parked: bytes → bytes, app-a-parked-changelog, ttl none',
      'b: string → long, app-b-changelog, ttl none',
      'b-parked: bytes → bytes, app-b-parked-changelog, ttl none',
    ]);
    expect(topicsOf(made, 'changelog')).toEqual([
      'app-a-parked-changelog 3',
      'app-b-changelog 3',
      'app-b-parked-changelog 3',
    ]);
  });

  test('is only where the stage is that has it as its own', () => {
    const streams = { paid: stream('shop.Paid') };
    const stages = { a: { ...end('orders'), errors: park(5, 'stop') }, b: end('paid') };
    expect(parkings(define({ streams, stages }))).toEqual({
      a: { store: 'a-parked', topics: ['shop.Orders'], most: 5, whenFull: 'stop' },
      b: undefined,
    });
  });

  test('is where records are written into the repartition topic of a stage that has it', () => {
    const stages = {
      a: keyed('orders', 'value.id', { kind: 'pass' }),
      b: { ...stage('a', count), errors: park(5) },
    };
    expect(Object.values(parkings(define({ stages }))).map((it) => it?.store)).toEqual([
      'a-parked',
      'b-parked',
    ]);
  });

  test('has the smallest bound, and stops if one of its policies does', () => {
    const stages = {
      a: { ...end('orders'), errors: park(700) },
      b: { ...end('orders'), errors: park(800, 'stop') },
      c: { ...end('orders'), errors: plain },
    };
    const found = (errors: Definition['errors']): unknown =>
      parkings(define({ stages, ...(errors && { errors }) }))['a'];
    const rest = { store: 'a-parked', topics: ['shop.Orders'] };
    expect(found(undefined)).toEqual({ ...rest, most: 700, whenFull: 'stop' });
    expect(found({ default: park(600) })).toEqual({ ...rest, most: 600, whenFull: 'stop' });
  });

  test('holds records of streams, not of tables beside them', () => {
    const stages = {
      j: stage('orders', { kind: 'join', with: 'rows', type: 'inner', value: { expr: 'left.id' } }),
      sink: end('j'),
    };
    const tables = { rows: stream('shop.Customer') };
    const made = parkings(define({ tables, stages, errors: { default: park(9) } }));
    expect(made['j']?.topics).toEqual(['shop.Orders']);
  });

  test('is not there where only tables are read, but is behind their new groups', () => {
    const stages = {
      regions: stage('rows', { kind: 'count', group: { by: 'expr', key: 'value.region' } }),
    };
    const tables = { rows: stream('shop.Customer') };
    const made = parkings(define({ tables, stages, errors: { default: park(9) } }));
    expect(Object.values(made).map((it) => it?.topics)).toEqual([
      ['app-regions-repartition'],
      undefined,
    ]);
  });

  test('keeps its store where the sub-topology keeps its id', () => {
    const stages = { audit: end('orders'), b: end('orders') };
    const definition = define({ stages, errors: { default: park(9) } });
    const previous = { b: { sourceTopics: ['shop.Orders'] } };
    const made = planOf(definition, { previous });
    expect(made.subTopologies.map(({ id, parking }) => [id, parking?.store])).toEqual([
      ['b', 'b-parked'],
    ]);
    expect([...made.stores.keys()]).toEqual(['b-parked']);
  });
});
