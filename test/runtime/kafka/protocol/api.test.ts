import { describe, expect, expectTypeOf, test } from 'vitest';
import { api, type RequestOf } from '../../../../runtime/kafka/protocol/api.ts';
import {
  array,
  int16,
  int32,
  int64,
  nullableBytes,
  nullableString,
  since,
  string,
  struct,
  tagged,
} from '../../../../runtime/kafka/protocol/types.ts';
import { endTxn } from '../../../../runtime/kafka/messages/end-txn.ts';

const sample = api({
  key: 99,
  name: 'Sample',
  versions: [0, 3],
  flexibleFrom: 2,
  request: {
    name: string,
    note: since(1, nullableString, null),
    parts: array(struct({ id: int32, records: nullableBytes })),
    cluster: tagged(0, string, ''),
    epoch: tagged(3, int32, -1),
  },
  response: { errorCode: int16, offset: since(3, int64, -1) },
});

const request = {
  name: 'é',
  note: 'n',
  parts: [
    { id: 7, records: Buffer.from('ab') },
    { id: -1, records: null },
  ],
  cluster: '',
  epoch: 5,
};

/** Fields in hexadecimal, one after the other. */
function hex(...fields: readonly string[]): string {
  return fields.join('');
}

describe('a declared message', () => {
  test('is written with plain lengths before its first flexible version', () => {
    expect(sample.encode(request, 1).toString('hex')).toBe(
      hex('0002c3a9', '00016e', '00000002', '0000000700000002', '6162', 'ffffffffffffffff'),
    );
  });

  test('is written with compact lengths and tagged fields in a flexible version', () => {
    expect(sample.encode(request, 2).toString('hex')).toBe(
      hex('03c3a9', '026e', '03', '00000007036162', '00', 'ffffffff00', '00', '01030400000005'),
    );
  });

  test.each([2, 3])('reads back what version %i wrote', (version) => {
    expect(sample.decodeRequest(sample.encode(request, version), version)).toEqual(request);
  });

  test('reads a field that the version lacks as absent', () => {
    const { note, epoch } = sample.decodeRequest(sample.encode(request, 0), 0);
    expect({ note, epoch }).toEqual({ note: null, epoch: -1 });
  });

  test('skips tagged fields that it does not know', () => {
    const body = Buffer.from(hex('0000', '02', '0902abcd', '0a00'), 'hex');
    expect(sample.decode(body, 2)).toEqual({ errorCode: 0, offset: -1 });
  });

  test('says where a response that is cut off ends', () => {
    expect(() => sample.decode(Buffer.from('0000', 'hex'), 3)).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_SHORT' }),
    );
  });

  test('gives the types of its fields', () => {
    expectTypeOf<RequestOf<typeof endTxn>>().toEqualTypeOf<{
      readonly transactionalId: string;
      readonly producerId: number;
      readonly producerEpoch: number;
      readonly committed: boolean;
    }>();
  });
});
