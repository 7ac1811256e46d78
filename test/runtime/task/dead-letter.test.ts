import { describe, expect, test } from 'vitest';
import { deadLetterHeaders, type FailedRecord } from '../../../runtime/task/dead-letter.ts';
import { SerdeError } from '../../../topology/core/errors.ts';
import { errorHeaders } from '../topology.ts';

const failed: FailedRecord = {
  raw: {
    key: Buffer.from([0, 0, 0, 0, 9, 2]),
    value: Buffer.from([0, 0, 0, 1, 4, 2, 65]),
    headers: [['trace', Buffer.from('t')]],
    time: 5,
  },
  error: new SerdeError('SERDE_DECODE', 'no'),
  place: { taskId: 'a_1', stage: 'orders', topic: 'orders.placed', partition: 1, offset: 7 },
  origin: 'record',
};

describe('deadLetterHeaders', () => {
  test('names what failed, where, and the schemas that the bytes name', () => {
    const headers = deadLetterHeaders(failed, 'shop', { key: true, value: true });
    expect(headers[0]).toEqual(['trace', Buffer.from('t')]);
    expect(errorHeaders({ headers })).toEqual({
      exception: 'SerdeError[SERDE_DECODE]',
      message: 'no',
      topic: 'orders.placed',
      partition: '1',
      offset: '7',
      stage: 'orders',
      task: 'a_1',
      application: 'shop',
      origin: 'record',
      'key-schema-id': '9',
      'schema-id': '260',
    });
  });

  test('finds no schema in bytes that have none, whatever they look like', () => {
    const none = { key: false, value: false };
    const headers = errorHeaders({ headers: deadLetterHeaders(failed, 'shop', none) });
    expect([headers['key-schema-id'], headers['schema-id']]).toEqual([undefined, undefined]);
    const raw = { ...failed.raw, key: null, value: Buffer.from('{"a":1}') };
    const text = deadLetterHeaders({ ...failed, raw }, 'shop', { key: true, value: true });
    const ids = errorHeaders({ headers: text });
    expect([ids['key-schema-id'], ids['schema-id']]).toEqual([undefined, undefined]);
  });

  test('keeps the intent of a call', () => {
    const call = { stage: 'charge', intent: Buffer.from([2, 1]) };
    const headers = deadLetterHeaders({ ...failed, origin: 'reply', call }, 'shop', {
      key: false,
      value: false,
    });
    expect(headers.slice(-2)).toEqual([
      ['__streams.errors.call-stage', Buffer.from('charge')],
      ['__streams.errors.call-intent', Buffer.from([2, 1])],
    ]);
  });
});
