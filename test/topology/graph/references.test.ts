import { describe, expect, test } from 'vitest';
import { define, end, messages, problemsOf, stage, stream } from './small.ts';

const split = stage('orders', {
  kind: 'split',
  branches: [{ name: 'big', when: 'value.total > 5' }],
  rest: 'small',
});

describe('references', () => {
  test('suggest the nearest stream, table or stage', () => {
    const [problem] = problemsOf(define({ stages: { a: end('ordres'), b: end('orders') } }));
    expect(problem).toEqual({
      code: 'E050',
      severity: 'error',
      message: 'no stream, table or stage "ordres"',
      path: ['stages', 'a', 'inputs', 0, 'from', 0],
      suggestion: 'did you mean "orders"?',
    });
  });

  test('suggest nothing where no name is near', () => {
    const [problem] = problemsOf(define({ stages: { a: end('warehouse'), b: end('orders') } }));
    expect(problem).not.toHaveProperty('suggestion');
  });

  test('list the outputs of a stage that lacks the one named', () => {
    const stages = { a: split, b: end('a.smal', 'a.big'), c: end('a.small') };
    const [problem] = problemsOf(define({ stages }));
    expect(problem?.message).toBe('stage "a" has no output "smal"');
    expect(problem?.suggestion).toBe('did you mean "small"?');
    expect(problem?.notes).toEqual([{ message: '"a" has big and small', path: ['stages', 'a'] }]);
  });

  test('must say which output where a stage has several', () => {
    const stages = { a: split, b: end('a'), c: end('a.big', 'a.small') };
    const [problem] = problemsOf(define({ stages }));
    expect(problem?.message).toBe('stage "a" has several outputs: say which');
    expect(problem?.suggestion).toBe('write "a.big" or "a.small"');
  });

  test('refuse an output of a stream', () => {
    expect(messages(define({ stages: { a: end('orders.first'), b: end('orders') } }))).toEqual([
      'E051 "orders" is a stream and has no outputs',
    ]);
  });

  test('take the name that a list of outputs gives to an operator with one output', () => {
    const stages = {
      a: stage('orders', { kind: 'dedupe', by: 'key', retentionMs: 1000 }, { outputs: ['first'] }),
      b: end('a.first'),
    };
    expect(messages(define({ stages }))).toEqual([]);
  });

  test('call the output of dedupe "first" where no list of outputs says otherwise', () => {
    const dedupe = stage('orders', { kind: 'dedupe', by: 'key', retentionMs: 1000 });
    expect(messages(define({ stages: { a: dedupe, b: end('a.first') } }))).toEqual([]);
    expect(messages(define({ stages: { a: { ...dedupe, drop: ['first'] } } }))).toEqual([]);
    expect(problemsOf(define({ stages: { a: dedupe } }))).toMatchObject([
      {
        message: 'output "first" of stage "a" goes nowhere',
        suggestion: 'consume it, send it with `to:`, or write `drop: [first]`',
      },
    ]);
  });

  test('refuse a second name in the list of outputs', () => {
    const stages = {
      a: stage(
        'orders',
        { kind: 'dedupe', by: 'key', retentionMs: 1000 },
        { outputs: ['first', 'second'] },
      ),
      b: end('a.first'),
    };
    const [problem] = problemsOf(define({ stages }));
    expect(problem?.message).toBe('stage "a" has no output "second"');
    expect(problem?.path).toEqual(['stages', 'a', 'outputs', 1]);
  });

  test('suggest the full name of an Avro type that is written without its namespace', () => {
    const streams = { orders: stream('Order') };
    const [problem] = problemsOf(define({ streams, stages: { a: end('orders') } }));
    expect(problem?.message).toBe('no Avro type "Order"');
    expect(problem?.suggestion).toBe('did you mean "shop.Order"?');
    expect(problem?.path).toEqual(['streams', 'orders', 'value']);
  });

  test('may have names that JavaScript objects inherit', () => {
    const named = {
      constructor: stage('orders', {
        kind: 'split',
        branches: [{ name: 'constructor', when: 'value.total > 5' }],
        rest: 'value-of',
      }),
      a: end('constructor.constructor', 'constructor.value-of'),
    };
    expect(messages(define({ stages: named }))).toEqual([]);
    expect(messages(define({ stages: { a: end('constructor'), b: end('orders') } }))).toEqual([
      'E050 no stream, table or stage "constructor"',
    ]);
  });

  test('are all reported at once', () => {
    const stages = { a: end('x'), b: end('y'), c: end('orders'), d: end('c.nope') };
    expect(messages(define({ stages }))).toEqual([
      'E050 no stream, table or stage "x"',
      'E050 no stream, table or stage "y"',
      'E051 stage "c" has no output "nope"',
    ]);
  });
});

describe('names', () => {
  test('suggest the kebab-case form', () => {
    const [problem] = problemsOf(define({ stages: { FanOut2: end('orders') } }));
    expect(problem?.suggestion).toBe('write "fan-out2"');
  });

  test('may not meet a name that the plan derives', () => {
    const stages = {
      a: { ...end('orders'), inputs: [{ name: 'in', from: ['orders'], key: 'value.id' }] },
      'a-key': end('orders'),
    };
    expect(messages(define({ stages }))).toEqual([
      'E055 the plan calls a node of "a" "a-key", and that name is taken',
    ]);
  });

  test('of stores are one name space with those of tables', () => {
    const definition = define({
      tables: { customers: stream('shop.Customer') },
      stores: { customers: { key: 'string', value: 'long', ttl: 1000 } },
      stages: {
        a: stage('orders', { kind: 'process', use: 'work', stores: ['customers'] }),
      },
    });
    expect(messages(definition)).toEqual([
      'E055 store "customers" is there already, and that name is taken',
    ]);
  });

  test('of functions are kebab-case', () => {
    const stages = {
      a: stage('orders', { kind: 'peek', use: 'src/log.ts' }, { drop: ['out'] }),
    };
    expect(messages(define({ stages }))).toEqual([
      'E057 "src/log.ts" is no function name: write it like "price-of"',
    ]);
  });
});
