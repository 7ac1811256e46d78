import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IntentCodec } from '../../../runtime/calls/intent-codec.ts';
import { jsonSerde, primitiveSerde, stringSerde } from '../../../schemas/index.ts';
import { type Header, StreamRecord } from '../../../topology/core/record.ts';

const codec = new IntentCodec(stringSerde, primitiveSerde('long'), jsonSerde);

const text = fc.string({ unit: 'grapheme' });
const bytes = fc.option(
  fc.uint8Array().map((it) => Buffer.from(it)),
  { nil: null },
);
const header: fc.Arbitrary<Header> = fc.tuple(text, bytes);
const intent = fc
  .record({
    key: fc.option(text),
    value: fc.option(fc.maxSafeInteger()),
    time: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    headers: fc.array(header, { maxLength: 4 }),
    topic: text,
    partition: fc.integer({ min: -1, max: 1000 }),
    offset: fc.integer({ min: -1, max: Number.MAX_SAFE_INTEGER }),
    request: fc.record({ amount: fc.integer(), note: text, big: fc.constant('x'.repeat(5000)) }),
    idempotencyKey: text,
  })
  .map(({ key, value, time, headers, topic, partition, offset, request, idempotencyKey }) => ({
    record: new StreamRecord(key, value, time, headers, topic, partition, offset),
    request,
    idempotencyKey,
  }));

describe('IntentCodec', () => {
  test('gives an intent back as it was: key, value, time, headers, origin, request', () => {
    fc.assert(
      fc.property(intent, (it) => {
        expect(codec.decode(codec.encode(it))).toEqual(it);
      }),
    );
  });

  test('encodes one intent after another without leaving traces of the first', () => {
    fc.assert(
      fc.property(intent, intent, (first, second) => {
        const alone = new IntentCodec(stringSerde, primitiveSerde('long'), jsonSerde);
        const expected = alone.encode(second);
        codec.encode(first);
        expect(codec.encode(second)).toEqual(expected);
      }),
    );
  });

  test('refuses the bytes of another version', () => {
    expect(() => codec.decode(Buffer.from([9]))).toThrow(
      'the call journal holds an intent of version 9; this version reads 1',
    );
  });

  test('gives the raw bytes of key and value, null where they are null', () => {
    const of = (key: string | null, value: number | null) =>
      codec.raw({ record: new StreamRecord(key, value, 0), request: {}, idempotencyKey: 'k' });
    expect(of('a', 1)).toEqual({
      key: Buffer.from('a'),
      value: Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]),
    });
    expect(of(null, null)).toEqual({ key: null, value: null });
  });
});
