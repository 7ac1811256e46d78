import { describe, expect, test } from 'vitest';
import type { CallLogEntry } from '../../../runtime/calls/call-log.ts';
import type { Charge, Evidence, LoggedRecord, Rows } from '../evidence.ts';
import type { CallStep } from './call-steps.ts';
import { checkCalls, checkFates, endsOf } from './check-calls.ts';
import type { CallEvidence } from './check-calls.ts';

const body = JSON.stringify({ orderId: '1', amountCents: 250 });
const request = { life: 1, key: 'charge-1', body };
const charge: Charge = { key: 'charge-1', state: 'APPROVED', orderId: '1', cents: 250 };
const end: CallLogEntry = {
  call: 'charge/0/1',
  idempotencyKey: 'charge-1',
  outcome: 'reply',
  request: {},
  attempts: 1,
  decidedBy: 'service',
  ended: '2026-01-01T00:00:00.000Z',
};

function record(topic: string, key: string, value: string): LoggedRecord {
  const bytes = { key: Buffer.from(key), value: Buffer.from(value) };
  return { topic, partition: 0, offset: 0, time: 0, headers: [], ...bytes };
}

interface Left {
  readonly held?: readonly string[];
  readonly ends?: readonly CallLogEntry[];
  readonly ledger?: readonly Charge[];
  readonly journal?: Rows;
}

/** What a run with one good call left behind, or what is given. */
function evidenceOf({ held = ['1'], ends = [end], ledger = [charge], journal }: Left): Evidence {
  const topic = 'orders-charge-repartition';
  const log = 'orders-charge-calls';
  return {
    plan: undefined as never,
    positions: new Map(),
    trace: [],
    controls: new Map(),
    decode: () => undefined,
    topics: new Map([
      [topic, [held.map((key) => record(topic, key, ''))]],
      [log, [ends.map((it) => record(log, it.idempotencyKey, JSON.stringify(it)))]],
    ]),
    stores: new Map([['charge-journal/0', journal ?? new Map()]]),
    ledger,
  };
}

function findingsOf(left: Left, calls: Partial<CallEvidence> = {}): readonly string[] {
  const evidence = evidenceOf(left);
  const known = {
    effect: 'idempotent',
    asked: [request],
    ends: endsOf(evidence),
    ...calls,
  } as const;
  return checkCalls(evidence, known).map(({ message }) => message);
}

describe('checkCalls', () => {
  test('finds nothing wrong with a call that was asked twice with one key and ended once', () => {
    expect(findingsOf({}, { asked: [request, { ...request, life: 2 }] })).toEqual([]);
  });

  test('finds a call without an end, with two, and an end without a call', () => {
    expect(findingsOf({ ends: [] })).toEqual(['charge-1: 0 ends in the call log']);
    expect(findingsOf({ ends: [end, end] })).toEqual(['charge-1: 2 ends in the call log']);
    expect(findingsOf({ held: [] })).toEqual(['charge-1: has an end, and was never held']);
  });

  test('finds a call that the journal still has', () => {
    const journal = new Map([['00', { value: Buffer.alloc(0), time: 0, keep: true }]]);
    expect(findingsOf({ journal })).toEqual(['charge-journal/0: 1 calls are open']);
  });

  test('finds another key and another body on a later attempt', () => {
    const other = { ...request, key: 'charge-1-again' };
    expect(findingsOf({}, { asked: [request, other] })).toEqual([
      'order 1: asked for as charge-1-again',
    ]);
    const dearer = JSON.stringify({ orderId: '1', amountCents: 251 });
    expect(findingsOf({}, { asked: [{ ...request, body: dearer }, request] })).toEqual([
      `charge-1: ${dearer}, then ${body}`,
    ]);
  });

  test.each(['lookup', 'at-most-once'] as const)(
    'finds a second request of a call that is %s',
    (effect) => {
      expect(findingsOf({}, { effect, asked: [request, request] })).toEqual([
        'charge-1: asked for again',
      ]);
    },
  );

  test('finds money in the ledger that nobody asked for, or another amount', () => {
    expect(findingsOf({}, { asked: [] })).toEqual([
      'charge-1: in the ledger, and nobody asked for it',
    ]);
    expect(findingsOf({ ledger: [{ ...charge, cents: 249 }] })).toEqual([
      `charge-1: 249 cents charged for ${body}`,
    ]);
  });
});

describe('checkFates', () => {
  const unknown: CallLogEntry = { ...end, outcome: 'unknown', decidedBy: 'runtime' };
  const fatesOf = (calls: CallEvidence, step: CallStep): readonly string[] =>
    checkFates(calls, [{ step, life: 1, keys: ['charge-1'] }]).map(({ message }) => message);
  const callsOf = (
    effect: CallEvidence['effect'],
    entry: CallLogEntry,
    ...lives: number[]
  ): CallEvidence => ({
    effect,
    asked: lives.map((life) => ({ ...request, life })),
    ends: new Map([['charge-1', [entry]]]),
  });

  test('wants an idempotent call that was hit in flight to be asked again', () => {
    expect(fatesOf(callsOf('idempotent', end, 1, 2), 'in-flight')).toEqual([]);
    expect(fatesOf(callsOf('idempotent', end, 1), 'in-flight')).toEqual([
      'charge-1, hit in-flight in life 1: 1 requests instead of more',
    ]);
  });

  test('wants a look-up to find a charge that was made before the crash', () => {
    const found: CallLogEntry = { ...end, decidedBy: 'look-up' };
    expect(fatesOf(callsOf('lookup', found, 1), 'acted')).toEqual([]);
    expect(fatesOf(callsOf('lookup', end, 1), 'acted')).toEqual([
      'charge-1, hit acted in life 1: decidedBy service instead of look-up',
    ]);
  });

  test('wants a call that is at-most-once and was hit after its mark to be unknown, and never made', () => {
    expect(fatesOf(callsOf('at-most-once', unknown), 'after-mark')).toEqual([]);
    expect(fatesOf(callsOf('at-most-once', unknown, 2), 'after-mark')).toEqual([
      'charge-1, hit after-mark in life 1: 1 requests instead of 0',
    ]);
  });

  test('wants no request after the outcome is committed', () => {
    expect(fatesOf(callsOf('idempotent', end, 1), 'after-outcome')).toEqual([]);
    expect(fatesOf(callsOf('idempotent', end, 1, 2), 'after-outcome')).toEqual([
      'charge-1, hit after-outcome in life 1: asked for after its end',
    ]);
  });
});
