import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IntentCodec } from '../../../runtime/calls/intent-codec.ts';
import { newProgress } from '../../../runtime/calls/call-progress.ts';
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
    progress: fc.record({
      sinceMs: fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 }), { nil: undefined }),
      parkedUntilMs: fc.constantFrom(undefined, 0, 1.5, Infinity),
      attempts: fc.nat(),
      parks: fc.nat(),
      marked: fc.boolean(),
      reason: text,
    }),
  })
  .map(
    ({
      key,
      value,
      time,
      headers,
      topic,
      partition,
      offset,
      request,
      idempotencyKey,
      progress,
    }) => ({
      record: new StreamRecord(key, value, time, headers, topic, partition, offset),
      request,
      idempotencyKey,
      progress,
    }),
  );

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

  test('reads rows of version 1, whose progress is not known', () => {
    // What version 1 wrote of this intent.
    const row = Buffer.from(
      '01' + // version
        '4014000000000000' + // time 5
        '00000002' + // partition
        '4022000000000000' + // offset 9
        '0000000174' + // topic "t"
        '000000026b31' + // idempotency key "k1"
        '0000000161' + // key "a"
        '000000080000000000000007' + // value 7
        '000000077b2263223a317d' + // request {"c":1}
        '00000001' + // one header
        '0000000168ffffffff', // "h", null
      'hex',
    );
    expect(codec.decode(row)).toEqual({
      record: new StreamRecord('a', 7, 5, [['h', null]], 't', 2, 9),
      request: { c: 1 },
      idempotencyKey: 'k1',
      progress: {
        sinceMs: undefined,
        parkedUntilMs: undefined,
        attempts: 0,
        parks: 0,
        marked: false,
        reason: '',
      },
    });
  });

  test('refuses the bytes of another version', () => {
    expect(() => codec.decode(Buffer.from([9]))).toThrow(
      'the call journal holds an intent of version 9; this version reads 1 and 2',
    );
  });

  test('gives the raw bytes of key and value, null where they are null', () => {
    const of = (key: string | null, value: number | null) =>
      codec.raw({
        record: new StreamRecord(key, value, 0),
        request: {},
        idempotencyKey: 'k',
        progress: newProgress(0),
      });
    expect(of('a', 1)).toEqual({
      key: Buffer.from('a'),
      value: Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]),
    });
    expect(of(null, null)).toEqual({ key: null, value: null });
  });

  test('gives the raw bytes of a key that is larger than any before', () => {
    const key = 'x'.repeat(200_000);
    const intent = { request: {}, idempotencyKey: 'k', progress: newProgress(0) };
    const fresh = new IntentCodec(stringSerde, primitiveSerde('long'), jsonSerde);
    const raw = fresh.raw({ ...intent, record: new StreamRecord(key, null, 0) });
    expect(raw.key?.equals(Buffer.from(key))).toBe(true);
  });
});
