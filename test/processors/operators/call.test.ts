import { describe, expect, test } from 'vitest';
import { CallReply } from '../../../processors/call-reply.ts';
import type { ProcessingError } from '../../../topology/core/errors.ts';
import type { CallOperatorDef } from '../../../topology/definition/definition.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import { Bench, compiled, long, rec, recordType, streamOf, text } from '../harness.ts';

const request = recordType('shop.Request', { id: text, cents: long });
const reply = recordType('shop.Reply', { state: text, fee: long });
const stream = streamOf(text, long);
const operator: CallOperatorDef = {
  kind: 'call',
  call: 'payments',
  request: { id: 'key', cents: 'value * 100' },
  idempotencyKey: '"charge-" + key',
  timeoutMs: 10,
  retry: { attempts: 'unlimited', backoffMs: 1, maxMs: 1, jitter: 'none', when: [] },
  concurrency: { limit: 1, order: 'per-key' },
  match: 'reply.state',
  outcomes: {
    APPROVED: { out: 'approved', map: { expr: 'value - reply.fee' } },
    DECLINED: { out: 'declined' },
  },
  unknown: { out: 'undecided' },
};

function build(more: Partial<CallOperatorDef> = {}) {
  return compiled(
    { ...operator, ...more },
    stream,
    stream,
    { outputs: { approved: stream, declined: stream, undecided: stream } },
    {
      types: [request],
      calls: new Map([
        ['payments', { name: 'payments', request, reply, effect: { kind: 'at-least-once' } }],
      ]),
    },
  );
}

describe('call', () => {
  test('hands the request of a record to the journal and counts the record as absorbed', () => {
    const bench = new Bench();
    const record = rec('o1', 7, 5);
    expect(bench.batch(build(), [record])).toEqual([]);
    expect(bench.intents).toEqual([
      { record, request: { id: 'o1', cents: 700 }, idempotencyKey: 'charge-o1' },
    ]);
    expect(bench.counted()).toEqual({ in: 1, absorbed: 1 });
  });

  test.each([
    ['APPROVED', 'approved', 5],
    ['DECLINED', 'declined', 7],
    ['POSTPONED', 'undecided', 7],
  ])('sends the input of a reply %s to %s', (state, output, value) => {
    const bench = new Bench();
    const connection = bench.connect(build(), ['in', 'reply']);
    const headers = [['trace', null]] as const;
    const input = new StreamRecord('o1', 7, 5, headers, 't', 1, 2);
    connection.push(
      rec('o1', new CallReply(input, 'reply', { reply: { state, fee: 2 } }), 999),
      'reply',
    );
    expect(connection.rows).toEqual([[output, 'o1', value, 5]]);
    expect(connection.records).toEqual([new StreamRecord('o1', value, 5, headers, 't', 1, 2)]);
    expect(bench.counted()).toEqual({ out: 1 });
  });

  test('sends the input of an unknown outcome where the definition says', () => {
    const connection = new Bench().connect(build(), ['in', 'reply']);
    connection.push(rec('o1', new CallReply(rec('o1', 7, 5), 'unknown')), 'reply');
    expect(connection.rows).toEqual([['undecided', 'o1', 7, 5]]);
  });

  test('says in a header why an outcome is unknown, after the headers of the input', () => {
    const connection = new Bench().connect(build(), ['in', 'reply']);
    const headers = [['trace', null]] as const;
    const input = new StreamRecord('o1', 7, 5, headers, 't', 1, 2);
    const reply = new CallReply(input, 'unknown', { reason: 'it was cut off' });
    connection.push(rec('o1', reply, 999), 'reply');
    const why = ['__streams.call.unknown', new TextEncoder().encode('it was cut off')] as const;
    expect(connection.records).toEqual([
      new StreamRecord('o1', 7, 5, [...headers, why], 't', 1, 2),
    ]);
  });

  test('completes all outputs when input and replies have', () => {
    const connection = new Bench().connect(build(), ['in', 'reply']);
    connection.complete('in');
    expect(connection.completed).toEqual([]);
    connection.complete('reply');
    expect(connection.completed).toEqual(['approved', 'declined', 'undecided']);
  });

  test('refuses an empty idempotency key', () => {
    const connection = new Bench().connect(build({ idempotencyKey: '""' }), ['in', 'reply']);
    connection.push(rec('o1', 7, 5));
    expect((connection.errors[0] as ProcessingError).code).toBe('CALL_NO_KEY');
  });
});
