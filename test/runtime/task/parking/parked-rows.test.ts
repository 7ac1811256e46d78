import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../../../runtime/codec/batch-builder.ts';
import {
  decodeHeld,
  decodeParkedKey,
  decodeTotals,
  encodeHeld,
  encodeParked,
  heldRow,
  parkedKeyId,
  parkedKeyRow,
  parkedRow,
  totalsKey,
} from '../../../../runtime/task/parking/parked-rows.ts';
import { maxKeyBytes } from '../../../../runtime/state/row-format.ts';
import { anyRecord } from '../../codec/records.ts';

const key = fc.oneof(
  fc.uint8Array({ maxLength: 5 }),
  fc.uint8Array({ minLength: 1880, maxLength: 1910 }),
);
const sequence = fc.oneof(fc.nat(300), fc.maxSafeNat());

describe('the rows of a parked store', () => {
  test('say by their keys what they are of, whatever the key of the record', () => {
    fc.assert(
      fc.property(key, sequence, (bytes, number) => {
        const of = Buffer.from(bytes);
        const id = parkedKeyId(of);
        expect(parkedRow(parkedKeyRow(of))).toEqual({ kind: 'key', id });
        expect(parkedRow(heldRow(of, number))).toEqual({ kind: 'held', id, sequence: number });
        expect(parkedRow(totalsKey)).toEqual({ kind: 'totals' });
        expect(Math.max(parkedKeyRow(of).length, heldRow(of, number).length)).toBeLessThanOrEqual(
          maxKeyBytes,
        );
      }),
    );
  });

  test('are in order of arrival for each key, and of no other key', () => {
    fc.assert(
      fc.property(key, key, sequence, sequence, (one, other, first, second) => {
        const [a, b] = [heldRow(Buffer.from(one), first), heldRow(Buffer.from(one), second)];
        expect(Math.sign(Buffer.compare(a, b))).toBe(Math.sign(first - second));
        fc.pre(Buffer.compare(Buffer.from(one), Buffer.from(other)) !== 0);
        expect(parkedKeyId(Buffer.from(one))).not.toBe(parkedKeyId(Buffer.from(other)));
        expect(heldRow(Buffer.from(other), first)).not.toEqual(a);
      }),
    );
  });

  test('are unknown where a later version wrote them', () => {
    expect(parkedRow(Buffer.from('x'))).toBeUndefined();
    expect(parkedRow(Buffer.alloc(0))).toBeUndefined();
  });

  test('give records, keys and totals as they were put in', () => {
    fc.assert(
      fc.property(
        anyRecord.filter((it) => it.key !== null),
        fc.nat(),
        fc.maxSafeNat(),
        (record, partition, offset) => {
          const at = { topic: 'a.tøpic', partition, offset };
          const { batch, ...held } = decodeHeld(encodeHeld(at, record, new RecordBatchBuilder()));
          expect(held).toEqual({ ...record, ...at });
          expect(batch.length).toBeGreaterThan(60);
        },
      ),
    );
    const parked = { attempt: 2, sinceMs: 5, topic: 't', partition: 1, offset: 7 };
    const row = { ...parked, head: 3, first: 4, next: 9 };
    expect(decodeParkedKey(encodeParked(row))).toEqual(row);
    const totals = { keys: 1, held: 2, freedMs: 3 };
    expect(decodeTotals(encodeParked(totals))).toEqual(totals);
  });
});
