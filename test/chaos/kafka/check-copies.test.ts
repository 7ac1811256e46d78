import { describe, expect, test } from 'vitest';
import type { LoggedRecord, Row } from '../evidence.ts';
import { ordersPlan } from '../open-folder.ts';
import { checkCopies } from './check-copies.ts';
import type { KafkaEvidence, StoreCopy } from './gather.ts';

const plan = ordersPlan();
const changelog = plan.stores.get('holds')?.changelog ?? '';

function record(offset: number, key: string, value: string | null): LoggedRecord {
  const bytes = value === null ? null : Buffer.from(value);
  const place = { topic: changelog, partition: 0, offset, time: 0 };
  return { ...place, key: Buffer.from(key), value: bytes, headers: [] };
}

/** With a marker at offset 2. */
const records = [record(0, 'a', 'one'), record(1, 'b', 'two'), record(3, 'a', null)];

function found(position: number, rows: Readonly<Record<string, string>>): readonly string[] {
  const copy: StoreCopy = {
    member: 'm',
    place: 'holds/0',
    position,
    rows: new Map(
      Object.entries(rows).map(([key, text]): [string, Row] => [
        Buffer.from(key).toString('hex'),
        { value: Buffer.from(text), time: 0, keep: false },
      ]),
    ),
  };
  const evidence = { plan, topics: new Map([[changelog, [records]]]), copies: [copy] };
  return checkCopies(evidence as unknown as KafkaEvidence).map(({ message }) => message);
}

describe('checkCopies', () => {
  test('finds nothing in copies that are as far as they say', () => {
    expect(found(4, { b: 'two' })).toEqual([]);
    expect(found(3, { a: 'one', b: 'two' })).toEqual([]);
    expect(found(1, { a: 'one' })).toEqual([]);
    expect(found(0, {})).toEqual([]);
  });

  test('finds rows that are missing, too new, too old, or in no changelog', () => {
    expect(found(4, {})).toEqual(['holds/0 of m at 4: 62 is undefined, expected 74776f']);
    expect(found(1, { a: 'one', b: 'two' })).toEqual([
      'holds/0 of m at 1: 62 is 74776f, expected undefined',
    ]);
    expect(found(4, { a: 'one', b: 'two' })).toEqual([
      'holds/0 of m at 4: 61 is 6f6e65, expected undefined',
    ]);
    expect(found(4, { b: 'two', c: 'x' })).toHaveLength(1);
  });
});
