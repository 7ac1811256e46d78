import { describe, expect, test } from 'vitest';
import type { Definition, StageDef } from '../../../topology/definition/definition.ts';
import type { GraphCode } from '../../../topology/graph/codes.ts';
import { graphCodes } from '../../../topology/graph/codes.ts';
import { call, define, end, keyed, problemsOf, stage, stream } from './small.ts';

const day = 86_400_000;
const paid = { as: 'shop.Paid', set: { orderId: 'key', total: 'value.total' } } as const;
const bank = { bank: { request: 'shop.Ask', reply: 'shop.Reply' } };
const customers = { customers: stream('shop.Customer') };
const stores = { seen: { key: 'string', value: 'long', ttl: day } };
const named = { name: { expr: 'left.id + right.name' } }.name;

function process(more: Partial<StageDef> = {}, stores: readonly string[] = []): StageDef {
  return { ...stage('orders', { kind: 'process', use: 'work', stores }), ...more };
}

/** The smallest definition that I could think of with exactly this problem. */
const cases: Readonly<Record<GraphCode, Definition>> = {
  E050: define({ stages: { a: end('ordres'), b: end('orders') } }),
  E051: define({ stages: { a: end('b.first'), b: end('orders') } }),
  E052: define({
    streams: { others: stream('shop.Othr') },
    stages: { a: end('others', 'orders') },
  }),
  E053: define({ stages: { a: process({}, ['sen']) } }),
  E054: define({ stages: { a: stage('orders', call()), b: end('a.ok', 'a.no', 'a.unclear') } }),
  E055: define({ stages: { orders: end('orders') } }),
  E056: define({ stages: { fanOut: end('orders') } }),
  E057: define({
    stages: { a: stage('orders', { kind: 'peek', use: 'priceOf' }, { drop: ['out'] }) },
  }),
  E058: define({ tables: customers, stages: { a: end('customers'), b: end('orders') } }),
  E059: define({
    tables: { customers: stream('shop.Customer', { global: true }) },
    stages: { a: end('customers'), b: end('orders') },
  }),
  E060: define({ streams: { paid: stream('shop.Paid') }, stages: { a: end('orders', 'paid') } }),
  E061: define({
    stages: {
      a: stage('orders', { kind: 'flat-map-values', value: { expr: 'value.total' } }),
      b: end('a'),
    },
  }),
  E062: define({
    streams: { paid: stream('shop.Paid') },
    stages: { a: stage('orders', { kind: 'pass' }, { to: [{ stream: 'paid' }] }) },
  }),
  E063: define({
    tables: { paid: stream('shop.Order', { topics: ['paid'], store: 'paid' }) },
    stages: { a: stage('orders', { kind: 'pass' }, { to: [{ stream: 'paid' }] }) },
  }),
  E064: define({
    stages: {
      a: stage('orders', {
        kind: 'split',
        branches: [{ name: 'big', when: 'value.total > 5' }],
        rest: 'small',
      }),
      b: end('a'),
      c: end('a.big', 'a.small'),
    },
  }),
  E065: define({ stages: { a: stage('orders', { kind: 'pass' }) } }),
  E066: define({
    stages: { a: stage('orders', { kind: 'pass' }, { drop: ['out'] }), b: end('a') },
  }),
  E067: define({
    stages: {
      a: { inputs: [{ name: 'in', from: ['orders', 'b'] }], operator: { kind: 'pass' } },
      b: stage('a', { kind: 'pass' }),
    },
  }),
  E068: define({
    calls: bank,
    stages: {
      a: stage('orders', { kind: 'pass' }),
      b: stage(
        'a',
        call({ outcomes: { OK: { out: 'ok' }, NO: { out: 'no', compensates: 'a.out' } } }),
      ),
      c: end('b.ok', 'b.no', 'b.unclear'),
    },
  }),
  E069: define({
    streams: {
      orders: stream('shop.Order', { partitions: 4 }),
      others: stream('shop.Order', { topics: ['others'], partitions: 6 }),
    },
    stages: { a: end('orders', 'others') },
  }),
  E070: define({
    tables: { customers: stream('shop.Customer', { key: 'long' }) },
    stages: {
      a: stage('orders', { kind: 'join', with: 'customers', type: 'inner', value: named }),
      b: end('a'),
    },
  }),
  E071: define({
    stores: { seen: { key: 'string', value: 'long', ttl: 'none' } },
    stages: { a: process({}, ['seen']) },
  }),
  E072: define({ stores, stages: { a: process({}, ['seen']), b: process({}, ['seen']) } }),
  E073: define({
    calls: bank,
    stages: {
      a: stage('orders', call({ idempotencyKey: '' })),
      b: end('a.ok', 'a.no', 'a.unclear'),
    },
  }),
  E074: define({
    calls: bank,
    stages: {
      a: stage('orders', call({ outcomes: { OK: { out: 'ok' } } })),
      b: end('a.ok', 'a.unclear'),
    },
  }),
  E075: define({
    streams: { others: stream('shop.Order') },
    stages: { a: end('orders'), b: end('others') },
  }),
  E076: define({
    streams: { orders: stream('shop.Order', { time: 'value.total' }) },
    stages: { a: end('orders') },
  }),
  E077: define({ stages: { a: stage('orders', { kind: 'map' }), b: end('a') } }),
  E078: define({
    stages: {
      a: stage('orders', { kind: 'filter', when: { expr: 'value.total > 5' }, store: 'kept' }),
      b: end('a'),
    },
  }),
  E079: define({
    stages: {
      a: {
        inputs: [
          { name: 'one', from: ['orders'] },
          { name: 'two', from: ['orders'] },
        ],
        operator: { kind: 'pass' },
      },
      b: end('a'),
    },
  }),
  E080: define({
    streams: { orders: stream('shop.Order', { format: 'string' }) },
    stages: { a: end('orders') },
  }),
  E081: define({
    tables: { ...customers, debts: stream('shop.Paid') },
    stages: {
      a: stage('customers', { kind: 'join', with: 'debts', type: 'inner', value: named }),
      b: end('a'),
      c: end('orders'),
    },
  }),
  E082: define({
    stages: {
      a: stage('orders', { kind: 'map-values', value: { as: 'string', set: {} } }),
      b: end('a'),
    },
  }),
  E083: define({
    calls: { bank: { ...bank.bank, effect: { kind: 'at-most-once' } } },
    stages: { a: stage('orders', call()), b: end('a.ok', 'a.no', 'a.unclear') },
  }),
  E084: define({
    streams: { orders: stream('string', { subject: 'record' }) },
    stages: { a: end('orders') },
  }),
  W053: define({
    calls: { bank: { ...bank.bank, effect: { kind: 'idempotent', windowMs: 60_000 } } },
    stages: {
      a: stage(
        'orders',
        call({ unknown: { out: 'unclear', park: { afterMs: 30_001, times: 2 } } }),
      ),
      b: end('a.ok', 'a.no', 'a.unclear'),
    },
  }),
  W050: define({
    calls: bank,
    stages: {
      a: keyed('orders', 'value.customerId', { kind: 'pass' }),
      b: stage('a', call({ idempotencyKey: '"ask-" + key' })),
      c: end('b.ok', 'b.no', 'b.unclear'),
    },
  }),
  W051: define({
    streams: { prices: stream('shop.Price') },
    stages: { a: end('orders'), b: end('prices') },
  }),
  W052: define({ streams: { paid: stream('shop.Paid') }, stages: { a: end('orders') } }),
};

describe('graph codes', () => {
  for (const [code, definition] of Object.entries(cases)) {
    test(`reports ${code} and nothing that follows from it`, () => {
      expect(problemsOf(definition).map((problem) => problem.code)).toEqual([code]);
    });
  }

  test('explains each code with a title, a reason and an example', () => {
    for (const [code, doc] of Object.entries(graphCodes)) {
      expect(code).toMatch(/^[EW]0[5-8]\d$/);
      expect(doc.title).not.toBe('');
      expect(doc.explanation).toMatch(/\.$/);
      expect(doc.example).not.toBe('');
    }
  });

  test('reports warnings as warnings and the rest as errors', () => {
    for (const [code, definition] of Object.entries(cases)) {
      const severity = code.startsWith('W') ? 'warning' : 'error';
      expect(problemsOf(definition)[0]?.severity).toBe(severity);
    }
  });

  test('finds no problem in a projection that is sent', () => {
    const fine = define({
      streams: { paid: stream('shop.Paid') },
      stages: { a: stage('orders', { kind: 'pass' }, { to: [{ stream: 'paid', value: paid }] }) },
    });
    expect(problemsOf(fine)).toEqual([]);
  });
});
