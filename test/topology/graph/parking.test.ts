import { describe, expect, test } from 'vitest';
import type { Definition, StageDef } from '../../../topology/definition/definition.ts';
import { call, define, end, keyed, messages, problemsOf, stage, stream } from './small.ts';

const parking = { deadLetter: 'failed', parkByKey: { most: 9, whenFull: 'wait' } } as const;
const parks = (def: StageDef): StageDef => ({ ...def, errors: parking });
const calls = { bank: { request: 'shop.Ask', reply: 'shop.Reply' } };
const tables = { rows: stream('shop.Customer') };
const toStream = stage('rows', { kind: 'to-stream' });
const filter = { kind: 'filter', when: { expr: 'value.region == "eu"' } } as const;

describe('park-by-key of a stage', () => {
  test('is refused where all that it takes are rows of a table', () => {
    const stages = { eu: stage('rows', filter), s: stage('eu', { kind: 'to-stream' }) };
    const definition = define({
      tables,
      stages: { ...stages, a: parks(end('s')), b: end('orders') },
    });
    expect(problemsOf(definition)).toEqual([
      {
        code: 'E078',
        severity: 'error',
        message:
          'nothing is held in "a": its records come from tables, and only those of streams and repartition topics park their key',
        path: ['stages', 'a', 'errors', 'parkByKey'],
        on: 'key',
        suggestion: 'leave "park-by-key" out',
      },
    ]);
  });

  test('is refused where all that it takes are replies and rows', () => {
    const stages = {
      pay: stage('orders', call()),
      s: stage('rows', { kind: 'to-stream' }),
      a: parks(end('pay.ok', 'pay.no', 'pay.unclear')),
      b: parks(both('pay.ok', 's')),
    };
    const from = (definition: Definition): readonly string[] =>
      messages(definition).map(
        (text) => /E078 .* come from (.*), and only/.exec(text)?.[1] ?? text,
      );
    expect(from(define({ calls, tables, stages }))).toEqual(['calls', 'calls and tables']);
  });

  test.each<[string, Definition['stages']]>([
    ['a stream', { a: parks(end('orders')) }],
    ['a stream and a table', { s: toStream, a: parks(both('orders', 's')) }],
    [
      'a repartition topic',
      {
        s: toStream,
        k: keyed('s', 'value.region', { kind: 'pass' }),
        a: parks(stage('k', { kind: 'count', group: { by: 'key' } })),
      },
    ],
    [
      'a repartition topic of a table',
      { a: parks(stage('rows', { kind: 'count', group: { by: 'expr', key: 'value.region' } })) },
    ],
    ['a call, which it makes', { a: parks(stage('orders', call())), b: ends() }],
  ])('is taken where it reads %s', (_, stages) => {
    const found = messages(define({ calls, tables, stages }));
    expect(found.filter((text) => !text.startsWith('W052'))).toEqual([]);
  });
});

/** A stage with an input from each of these. */
function both(...from: string[]): StageDef {
  const inputs = from.map((ref, i) => ({ name: `i${i}`, from: [ref] }));
  const outputs = [{ name: 'out', key: 'string', value: 'string' }];
  return { inputs, operator: { kind: 'process', use: 'f' }, outputs, drop: ['out'] };
}

function ends(): StageDef {
  return end('a.ok', 'a.no', 'a.unclear');
}

describe('park-by-key by default', () => {
  const errors = { default: parking };
  const stages = { s: toStream, a: end('s') };

  test('is refused where nothing but tables is read', () => {
    const definition = define({ tables, stages, errors });
    expect(problemsOf(definition).filter(({ severity }) => severity === 'error')).toEqual([
      expect.objectContaining({ code: 'E078', path: ['errors', 'default', 'parkByKey'] }),
    ]);
  });

  test('is taken where some stage reads a stream', () => {
    const definition = define({ tables, stages: { ...stages, b: end('orders') }, errors });
    expect(messages(definition)).toEqual([]);
  });
});

describe('names of parked records', () => {
  const count = { kind: 'count', group: { by: 'key' } } as const;
  const stages = { 'cars-parked': stage('orders', count) };
  const errors = { default: parking };

  test('are no other store’s, where keys are parked', () => {
    expect(problemsOf(define({ stages, errors }))).toEqual([
      {
        code: 'E055',
        severity: 'error',
        message:
          'store "cars-parked" is called like those of "park-by-key", which end in "-parked"',
        path: ['stages', 'cars-parked'],
        on: 'key',
      },
    ]);
    expect(messages(define({ stages }))).toEqual([]);
  });

  test('are not those of a topic', () => {
    const streams = { more: stream('shop.Paid', { topics: ['app-a-parked-changelog'] }) };
    const definition = { streams, stages: { a: end('orders'), b: end('more') } };
    expect(messages(define({ ...definition, errors }))).toEqual([
      'E075 topic "app-a-parked-changelog" belongs to Millrace itself: choose another',
    ]);
    expect(messages(define(definition))).toEqual([]);
  });
});
