import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallFailure } from '../../../../processors/call-handler.ts';
import { replyOf } from '../../../../runtime/calls/http/answer.ts';
import { compileHttpCall } from '../../../../runtime/calls/http/call-options.ts';
import {
  defaultStatuses,
  statusOutcome,
  statusPattern,
  type StatusWord,
  statusWords,
} from '../../../../runtime/calls/http/statuses.ts';
import { isStreamsError } from '../../../../topology/core/errors.ts';
import { catalog, def } from './service.ts';

const key = fc.oneof(
  fc.integer({ min: 100, max: 599 }).map(String),
  fc.constantFrom('1xx', '2xx', '3xx', '4xx', '5xx'),
);
const mapping = fc.dictionary(key, fc.constantFrom(...statusWords), { maxKeys: 20 });
const all = Array.from({ length: 500 }, (_, i) => 100 + i);

const codes: Readonly<Record<StatusWord, string>> = {
  reply: 'reply',
  'in-progress': 'CALL_IN_PROGRESS',
  unavailable: 'CALL_UNAVAILABLE',
  'not-sent': 'CALL_NOT_SENT',
  unknown: 'CALL_UNKNOWN',
  refused: 'CALL_REFUSED',
};

describe('statuses', () => {
  test('each status has exactly one outcome, by whatever mapping', () => {
    fc.assert(
      fc.property(mapping, (statuses) => {
        const options = { url: 'http://a', statuses };
        const call = compileHttpCall('a', options, { def, catalog });
        for (const status of all) {
          const outcomes = new Set<string>();
          try {
            const body = { kind: 'whole', bytes: Buffer.from('{"state":"APPROVED"}') } as const;
            const context = { call, url: 'http://a', idempotencyKey: 'k', nowMs: 0 };
            replyOf({ status, headers: {}, body }, context);
            outcomes.add('reply');
          } catch (error) {
            if (!isStreamsError(error)) throw error;
            outcomes.add(error.code);
          }
          const hundred = `${Math.floor(status / 100)}xx`;
          const meant =
            statuses[status] ??
            defaultStatuses[status] ??
            statuses[hundred] ??
            defaultStatuses[hundred];
          expect([...outcomes]).toEqual([codes[meant as StatusWord]]);
        }
      }),
      { seed: 7, numRuns: 20 },
    );
  });

  test('the defaults know every status', () => {
    const kinds = all.map((status) =>
      statusOutcome(status, {}, defaultStatuses, undefined as never),
    );
    expect(kinds).not.toContain(undefined);
  });

  test.each([
    [409, {}, 'in-progress'],
    [409, { '4xx': 'unknown' }, 'in-progress'],
    [410, { '4xx': 'unknown' }, 'unknown'],
    [409, { '4xx': 'unknown', 409: 'refused' }, 'refused'],
    [200, { 201: 'unknown' }, 'reply'],
    [99, {}, 'otherwise'],
    [600, {}, 'otherwise'],
  ] as const)('takes %i by %j for %s', (status, written, outcome) => {
    expect(statusOutcome<string>(status, written, defaultStatuses, 'otherwise')).toBe(outcome);
  });

  test.each(['200', '2xx', '599'])('knows %s as a status', (text) => {
    expect(statusPattern.test(text)).toBe(true);
  });

  test.each(['99', '600', '6xx', '2x', 'xxx', '2000'])('does not know %s as a status', (text) => {
    expect(statusPattern.test(text)).toBe(false);
  });

  test('every word but reply has a failure of its own kind', () => {
    const failures = statusWords.filter((it) => it !== 'reply');
    const made = failures.map((kind) => new CallFailure(kind, '').code);
    expect(made).toEqual(failures.map((kind) => codes[kind]));
  });
});
