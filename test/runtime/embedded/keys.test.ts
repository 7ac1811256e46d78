import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batchKey,
  groupRange,
  namedKey,
  nameOf,
  offsetOf,
  positionKey,
  positionParts,
} from '../../../runtime/embedded/keys.ts';

const u32 = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 0xfffffffe }));
const offset = fc.oneof(fc.nat(3), fc.maxSafeNat());

describe('batchKey', () => {
  test('sorts by topic, partition and offset', () => {
    const place = fc.tuple(u32, u32, offset);
    fc.assert(
      fc.property(place, place, (a, b) => {
        const order = Math.sign(a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
        expect(batchKey(...a).compare(batchKey(...b))).toBe(order);
        expect(offsetOf(batchKey(...a))).toBe(a[2]);
      }),
    );
  });
});

describe('positionKey', () => {
  test('lies in the range of its group and of no other', () => {
    const group = fc.string({ unit: fc.constantFrom('a', 'b', '-', 'é') });
    fc.assert(
      fc.property(group, group, u32, u32, (one, other, id, partition) => {
        const key = positionKey(one, id, partition);
        expect(positionParts(key)).toEqual({ group: one, topicId: id });
        const [start, end] = groupRange(other);
        expect(key.compare(start) >= 0 && key.compare(end) < 0).toBe(one === other);
      }),
    );
  });
});

describe('namedKey', () => {
  test('holds the name', () => {
    expect(nameOf(namedKey('topic', 'orders-é'))).toBe('orders-é');
  });
});
