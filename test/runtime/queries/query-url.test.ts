import { describe, expect, test } from 'vitest';
import { keyOfText, textOfKey } from '../../../runtime/queries/key-text.ts';
import { memberScan, memberScanQuery, storeRequest } from '../../../runtime/queries/query-url.ts';
import type { AvroType } from '../../../topology/core/avro.ts';

const text: AvroType = { kind: 'string' };
const long: AvroType = { kind: 'long' };
const bytes: AvroType = { kind: 'bytes' };
const record: AvroType = { kind: 'record', name: 'shop.Key', fields: [] };

describe('a key as text', () => {
  test.each([
    [text, 'a b&"ü', 'a b&"ü'],
    [text, '', ''],
    [long, '9007199254740991', 9007199254740991],
    [bytes, '{"$base64":"AQI="}', Buffer.from([1, 2])],
    [record, '{"storeId":"7","productId":3}', { storeId: '7', productId: 3 }],
  ])('of type %o is %s', (type, written, key) => {
    expect(keyOfText(written, type)).toEqual(key);
    expect(textOfKey(key, type)).toBe(written);
  });

  test('that is no JSON is refused', () => {
    expect(() => keyOfText('k1', long)).toThrow(
      /^"k1" is no key of type long: write it as JSON \(/,
    );
  });
});

describe('a question', () => {
  const ask = (query: string, key = text): unknown =>
    storeRequest(new URLSearchParams(query), { store: 's', key });

  test('for a key', () => {
    expect(ask('key=a%20b&max-staleness=5s')).toEqual({
      kind: 'get',
      key: 'a b',
      maxStaleness: 5000,
    });
    expect(ask('key=7', long)).toEqual({ kind: 'get', key: 7, maxStaleness: undefined });
  });

  test('for a range', () => {
    expect(ask('')).toEqual({ kind: 'range', options: {} });
    expect(ask('from=a&to=b&limit=5&after=aa&after-partition=3&max-staleness=0ms')).toEqual({
      kind: 'range',
      options: {
        from: 'a',
        to: 'b',
        limit: 5,
        after: { key: 'aa', partition: 3 },
        maxStaleness: 0,
      },
    });
  });

  test.each([
    [
      'kee=a',
      'there is no parameter "kee"; there are key, from, to, after, after-partition, limit, max-staleness',
    ],
    ['key=a&key=b', '"key" stands there twice'],
    ['key=a&from=b', '"key" and "from" do not go together'],
    ['limit=-1', '"limit" is "-1"; it must be a whole number'],
    ['max-staleness=5', '"max-staleness" is "5"; write it like 500ms or 5s'],
    [
      'partitions=1',
      'there is no parameter "partitions"; there are key, from, to, after, after-partition, limit, max-staleness',
    ],
  ])('%s is refused', (query, message) => {
    expect(() => ask(query)).toThrow(message);
  });
});

describe('a question to a member', () => {
  const view = { store: 's', key: long };

  test.each([
    [{ partitions: [0, 3], limit: 5 }],
    [{ partitions: [1], limit: 5, key: 7 }],
    [{ partitions: [1], limit: 5, from: -1, to: 2 ** 40, after: { key: 3, partition: 2 } }],
    [{ partitions: [1], limit: 5, standby: true, maxStalenessMs: 1500 }],
  ])('comes over as it was: %o', (scan) => {
    expect(memberScan(memberScanQuery(scan, view), view)).toEqual(scan);
  });

  test('names partitions', () => {
    expect(() => memberScan(new URLSearchParams('limit=1'), view)).toThrow('"partitions" must be');
  });
});
