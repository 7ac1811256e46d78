import { describe, expect, test } from 'vitest';
import type { Definition } from '../../../topology/definition/definition.ts';
import { call, define, end, keyed, problemsOf, stage, stream } from './small.ts';

const calls = { bank: { request: 'shop.Ask', reply: 'shop.Reply' } };
const all = end('pay.ok', 'pay.no', 'pay.unclear');

function warnings(idempotencyKey: string, stages: Definition['stages']): readonly string[] {
  const last = Object.keys(stages).at(-1) ?? 'orders';
  const pay = stage(last, call({ idempotencyKey }));
  return problemsOf(define({ calls, stages: { ...stages, pay, all } })).map(
    ({ code, message }) => `${code} ${message}`,
  );
}

describe('a changed idempotency key', () => {
  const rekeyed = { a: keyed('orders', 'value.customerId', { kind: 'pass' }) };
  const warning = 'W050 the idempotency key uses a key that stage "a" makes';

  test('is found through stages that keep the key, and through a repartition topic', () => {
    const stages = {
      ...rekeyed,
      b: stage('a', { kind: 'filter', when: { expr: 'value.total > 5' } }),
      c: stage('b', { kind: 'repartition' }),
    };
    expect(warnings('key', stages)).toEqual([warning]);
  });

  test('is no matter where the key is still that of the source', () => {
    expect(warnings('"x" + key', {})).toEqual([]);
  });

  test.each(['"key-" + value.id', 'value.id + "-\\"key"', 'value.id'])(
    'is no matter where `%s` does not use the key',
    (text) => {
      expect(warnings(text, rekeyed)).toEqual([]);
    },
  );

  test('is found where the call itself makes the key', () => {
    const pay = {
      inputs: [{ name: 'in', from: ['orders'], key: 'value.customerId' }],
      operator: call({ idempotencyKey: 'key' }),
    };
    const problems = problemsOf(define({ calls, stages: { pay, all } }));
    expect(problems.map(({ message }) => message)).toEqual([
      'the idempotency key uses a key that stage "pay" makes',
    ]);
  });
});

describe('floating money', () => {
  test('is reported once for each type, at the first stream by name that has it', () => {
    const streams = {
      prices: stream('shop.Price'),
      more: stream('shop.Price', { topics: ['more'] }),
    };
    const problems = problemsOf(
      define({ streams, stages: { a: end('orders'), b: end('prices', 'more') } }),
    );
    expect(problems.map(({ code, path }) => [code, path])).toEqual([
      ['W051', ['streams', 'more', 'value']],
    ]);
    expect(problems[0]?.message).toBe(
      '"amount" of shop.Price is money in floating point: sums will drift',
    );
  });
});
