import { describe, expect, test } from 'vitest';
import { typeName } from '../../../topology/graph/avro-types.ts';
import type { Definition, OperatorDef, StageDef } from '../../../topology/definition/definition.ts';
import { call, define, end, graphOf, keyed, messages, problemsOf, stage, stream } from './small.ts';

/** `kind key → value` of an output. */
function outputType(definition: Definition, name: string, port = 'out'): string {
  const type = graphOf(definition).stages.get(name)?.outputs[port];
  if (type === undefined) throw new Error(`${name} has no output ${port}`);
  return `${type.kind} ${typeName(type.key)} → ${typeName(type.value)}`;
}

function single(operator: OperatorDef, more: Partial<StageDef> = {}): Definition {
  return define({ stages: { a: stage('orders', operator, more), b: end('a') } });
}

const customers = { customers: stream('shop.Customer') };
const globals = { customers: stream('shop.Customer', { global: true }) };
const paid = { as: 'shop.Paid', set: { orderId: 'value.id', total: 'value.total' } } as const;

describe('types of stateless operators', () => {
  test('a filter keeps the type', () => {
    const filter = single({ kind: 'filter', when: { expr: 'value.total > 5' } });
    expect(outputType(filter, 'a')).toBe('stream string → shop.Order');
  });

  test('map-values gives the type of its expression', () => {
    const map = single({ kind: 'map-values', value: { expr: 'value.total * 2' } });
    expect(outputType(map, 'a')).toBe('stream string → long');
  });

  test('map-values gives the record of its projection', () => {
    expect(outputType(single({ kind: 'map-values', value: paid }), 'a')).toBe(
      'stream string → shop.Paid',
    );
  });

  test('map-values with a function gives the type that it names', () => {
    const map = single({ kind: 'map-values', value: { use: 'to-paid', as: 'shop.Paid' } });
    expect(outputType(map, 'a')).toBe('stream string → shop.Paid');
  });

  test('map changes key and value', () => {
    const map = single({ kind: 'map', key: { expr: 'value.total' }, value: paid });
    expect(outputType(map, 'a')).toBe('stream long → shop.Paid');
  });

  test('map with a function takes the types that it names', () => {
    const map = single({ kind: 'map', use: 'turn', keyAs: 'long', as: 'shop.Paid' });
    expect(outputType(map, 'a')).toBe('stream long → shop.Paid');
  });

  test('flat-map-values gives the items of its list', () => {
    const map = single({ kind: 'flat-map-values', value: { expr: 'value.lines' } });
    expect(outputType(map, 'a')).toBe('stream string → shop.Line');
  });

  test('flat-map takes the types that it names', () => {
    const map = single({ kind: 'flat-map', use: 'turn', keyAs: 'long', as: 'shop.Line' });
    expect(outputType(map, 'a')).toBe('stream long → shop.Line');
  });

  test('a new key of an input is seen by the operator', () => {
    const stages = { a: keyed('orders', 'value.customerId', { kind: 'pass' }), b: end('a') };
    expect(outputType(define({ stages }), 'a')).toBe('stream string → shop.Order');
  });

  test('an expression problem is reported at its place', () => {
    const [problem] = problemsOf(single({ kind: 'filter', when: { expr: 'value.totl > 5' } }));
    expect(problem?.code).toBe('E021');
    expect(problem?.path).toEqual(['stages', 'a', 'operator', 'when', 'expr']);
    expect(problem?.range).toEqual([6, 10]);
    expect(problem?.suggestion).toBe('did you mean "total"?');
  });

  test('an unknown field of a projection is reported at its key', () => {
    const value = { as: 'shop.Paid', set: { orderId: 'value.id', total: 'value.total', x: '1' } };
    const [problem] = problemsOf(single({ kind: 'map-values', value }));
    expect(problem?.path).toEqual(['stages', 'a', 'operator', 'value', 'set', 'x']);
    expect(problem?.on).toBe('key');
  });

  test('a field that a projection leaves out is reported at the projection', () => {
    const value = { as: 'shop.Paid', set: { orderId: 'value.id' } };
    const [problem] = problemsOf(single({ kind: 'map-values', value }));
    expect(problem?.message).toBe('field "total" of shop.Paid is not set and has no default');
    expect(problem?.path).toEqual(['stages', 'a', 'operator', 'value', 'set']);
  });

  test('what a wrong expression makes is not checked further', () => {
    const stages = {
      a: stage('orders', { kind: 'map-values', value: { expr: 'value.totl' } }),
      b: stage('a', { kind: 'filter', when: { expr: 'value.nothing > 5' } }),
      c: end('b'),
    };
    expect(problemsOf(define({ stages })).map(({ code }) => code)).toEqual(['E021']);
  });
});

describe('types of table operators', () => {
  const count: OperatorDef = { kind: 'count', group: { by: 'expr', key: 'value.customerId' } };

  test('count makes a table of longs by group', () => {
    const stages = { a: stage('orders', count) };
    expect(outputType(define({ stages }), 'a')).toBe('table string → long');
  });

  test('reduce keeps the grouped value', () => {
    const reduce: OperatorDef = {
      kind: 'reduce',
      group: { by: 'expr', key: 'value.customerId', value: { expr: 'value.total' } },
      add: { expr: 'aggregate + value' },
    };
    expect(outputType(define({ stages: { a: stage('orders', reduce) } }), 'a')).toBe(
      'table string → long',
    );
  });

  test('aggregate has the type that it names', () => {
    const aggregate: OperatorDef = {
      kind: 'aggregate',
      group: { by: 'key' },
      as: 'shop.Paid',
      init: { as: 'shop.Paid', set: { orderId: 'key', total: '0' } },
      add: { as: 'shop.Paid', set: { orderId: 'key', total: 'aggregate.total + value.total' } },
    };
    expect(outputType(define({ stages: { a: stage('orders', aggregate) } }), 'a')).toBe(
      'table string → shop.Paid',
    );
  });

  test('a step that makes another type than the aggregate is reported', () => {
    const aggregate: OperatorDef = {
      kind: 'aggregate',
      group: { by: 'key' },
      as: 'long',
      init: { expr: '0' },
      add: { use: 'add', as: 'string' },
    };
    expect(messages(define({ stages: { a: stage('orders', aggregate) } }))).toEqual([
      'E061 this makes string, but long is needed here',
    ]);
  });

  test('a filter and map-values on a table make tables', () => {
    const stages = {
      a: stage('customers', { kind: 'filter', when: { expr: 'value.region == "eu"' } }),
      b: stage('a', { kind: 'map-values', value: { expr: 'value.name' } }),
      c: stage('b', { kind: 'to-stream' }),
      d: end('c'),
      e: end('orders'),
    };
    const definition = define({ tables: customers, stages });
    expect(outputType(definition, 'a')).toBe('table string → shop.Customer');
    expect(outputType(definition, 'b')).toBe('table string → string');
    expect(outputType(definition, 'c')).toBe('stream string → string');
  });

  test('to-table makes a table of a stream, to-stream with a key gives it another', () => {
    const stages = {
      a: stage('orders', { kind: 'to-table' }),
      b: stage('a', { kind: 'to-stream', key: 'value.total' }),
      c: end('b'),
    };
    expect(outputType(define({ stages }), 'a')).toBe('table string → shop.Order');
    expect(outputType(define({ stages }), 'b')).toBe('stream long → shop.Order');
  });

  test('an inner join sees both sides', () => {
    const value = { expr: 'left.id + right.name' };
    const stages = {
      a: stage('orders', { kind: 'join', with: 'customers', type: 'inner', value }),
      b: end('a'),
    };
    expect(outputType(define({ tables: customers, stages }), 'a')).toBe('stream string → string');
  });

  test('the right side of a left join may be null', () => {
    const value = { expr: 'left.id + right.name' };
    const stages = {
      a: stage('orders', { kind: 'join', with: 'customers', type: 'left', value }),
      b: end('a'),
    };
    expect(problemsOf(define({ tables: customers, stages })).map(({ code }) => code)).toEqual([
      'E024',
    ]);
  });

  test('a global table is looked up by the type of its key', () => {
    const value = { expr: 'left.id' };
    const join = (on: string): Definition =>
      define({
        tables: globals,
        stages: {
          a: stage('orders', { kind: 'join', with: 'customers', type: 'inner', on, value }),
          b: end('a'),
        },
      });
    expect(messages(join('value.customerId'))).toEqual([]);
    expect(problemsOf(join('value.total')).map(({ path }) => path)).toEqual([
      ['stages', 'a', 'operator', 'on'],
    ]);
  });

  test('only a global table is looked up by another key', () => {
    const value = { expr: 'left.id' };
    const stages = {
      a: stage('orders', { kind: 'join', with: 'customers', type: 'inner', on: 'key', value }),
      b: end('a'),
    };
    expect(problemsOf(define({ tables: customers, stages })).map(({ code }) => code)).toEqual([
      'E078',
    ]);
  });

  test('an operator for records refuses a table and says what to put between', () => {
    const stages = { a: end('customers'), b: end('orders') };
    const [problem] = problemsOf(define({ tables: customers, stages }));
    expect(problem).toEqual({
      code: 'E058',
      severity: 'error',
      message: 'peek takes a stream, but "customers" is a table',
      path: ['stages', 'a', 'inputs', 0, 'from', 0],
      suggestion: 'put a "to-stream" stage between',
    });
  });

  test('a join refuses a stream on its right side', () => {
    const value = { expr: 'left.id' };
    const stages = {
      a: stage('orders', { kind: 'join', with: 'orders', type: 'inner', value }),
      b: end('a'),
    };
    expect(messages(define({ stages }))).toEqual([
      'E058 "orders" is a stream: a join looks up rows of a table',
    ]);
  });

  test('a table is not sent to a stream as it is', () => {
    const definition = define({
      streams: { counts: stream('long', { topics: ['counts'] }) },
      stages: { a: stage('orders', count, { to: [{ stream: 'counts' }] }) },
    });
    expect(messages(definition)).toEqual(['E058 "to" sends a stream, but "a" makes a table']);
  });

  test('tables are not merged', () => {
    const tables = { ...customers, others: stream('shop.Customer', { topics: ['others'] }) };
    const stages = {
      a: {
        inputs: [{ name: 'in', from: ['customers', 'others'] }],
        operator: { kind: 'to-stream' },
        drop: ['out'],
      },
      b: end('orders'),
    } as const;
    expect(messages(define({ tables, stages }))).toEqual([
      'E058 tables cannot be merged: their rows would overwrite each other',
    ]);
  });

  test('an aggregate over a table needs a subtractor, over a stream it must have none', () => {
    const reduce = (from: string, subtract: boolean): StageDef =>
      stage(from, {
        kind: 'reduce',
        group: { by: 'expr', key: 'key', value: { expr: '1' } },
        add: { expr: 'aggregate + value' },
        ...(subtract ? { subtract: { expr: 'aggregate - value' } } : {}),
      });
    const stages = { a: reduce('customers', false), b: reduce('orders', true) };
    expect(messages(define({ tables: customers, stages }))).toEqual([
      'E077 reduce over a table needs "subtract": a row that changes is taken out before it is added again',
      'E078 "subtract" does not apply here: records of a stream are never taken back',
    ]);
  });
});

describe('calls', () => {
  const calls = { bank: { request: 'shop.Ask', reply: 'shop.Reply' } };
  const all = end('a.ok', 'a.no', 'a.unclear');

  test('carry their input on in each outcome', () => {
    const definition = define({ calls, stages: { a: stage('orders', call()), b: all } });
    expect(outputType(definition, 'a', 'ok')).toBe('stream string → shop.Order');
    expect(outputType(definition, 'a', 'unclear')).toBe('stream string → shop.Order');
  });

  test('give the type of a map of an outcome', () => {
    const outcomes = { OK: { out: 'ok', map: { expr: 'reply.text' } }, NO: { out: 'no' } };
    const stages = {
      a: stage('orders', call({ outcomes })),
      b: end('a.no', 'a.unclear'),
      c: end('a.ok'),
    };
    expect(outputType(define({ calls, stages }), 'a', 'ok')).toBe('stream string → string');
  });

  test('have no reply in an outcome that is unknown', () => {
    const unknown = { out: 'unclear', map: { expr: 'reply.text' } };
    const stages = {
      a: stage('orders', call({ unknown })),
      b: end('a.ok', 'a.no'),
      c: end('a.unclear'),
    };
    expect(problemsOf(define({ calls, stages })).map(({ code, path }) => [code, path])).toEqual([
      ['E020', ['stages', 'a', 'operator', 'unknown', 'map', 'expr']],
    ]);
  });

  test('name the symbols that have no outcome', () => {
    const stages = {
      a: stage('orders', call({ outcomes: { OK: { out: 'ok' } } })),
      b: end('a.ok', 'a.unclear'),
    };
    const [problem] = problemsOf(define({ calls, stages }));
    expect(problem?.message).toBe('no outcome for "NO"');
    expect(problem?.notes).toEqual([{ message: 'shop.State has OK, NO' }]);
  });

  test('report a misspelt symbol once', () => {
    const outcomes = { OK: { out: 'ok' }, NOO: { out: 'no' } };
    const stages = { a: stage('orders', call({ outcomes })), b: all };
    const problems = problemsOf(define({ calls, stages }));
    expect(problems.map(({ message, suggestion }) => [message, suggestion])).toEqual([
      ['"NOO" is no symbol of shop.State', 'did you mean "NO"?'],
    ]);
  });

  test('tell outcomes apart by an enum', () => {
    const stages = { a: stage('orders', call({ match: 'reply.text' })), b: all };
    expect(messages(define({ calls, stages }))).toEqual([
      'E082 outcomes are told apart by an enum, but this is string',
    ]);
  });

  test('refuse one output of two types', () => {
    const outcomes = { OK: { out: 'ok', map: { expr: 'reply.text' } }, NO: { out: 'ok' } };
    const stages = {
      a: stage('orders', call({ outcomes })),
      b: end('a.ok'),
      c: end('a.unclear'),
    };
    expect(messages(define({ calls, stages }))).toEqual([
      'E060 output "ok" gets shop.Order here, but string from another outcome',
    ]);
  });

  test('check the request field by field', () => {
    const request = { orderId: 'value.total' };
    const stages = { a: stage('orders', call({ request })), b: all };
    expect(problemsOf(define({ calls, stages })).map(({ path }) => path)).toEqual([
      ['stages', 'a', 'operator', 'request', 'orderId'],
    ]);
  });
});
