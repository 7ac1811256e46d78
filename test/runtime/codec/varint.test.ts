import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readInt64,
  varintSize,
  varlongSize,
  writeInt64,
  writeVarint,
  writeVarlong,
} from '../../../runtime/codec/varint.ts';

/** Zigzag varint by the book, over BigInt. */
function reference(value: number): number[] {
  let zigzag = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  while (zigzag > 0x7fn) {
    bytes.push(Number(zigzag & 0x7fn) | 0x80);
    zigzag >>= 7n;
  }
  return [...bytes, Number(zigzag)];
}

const edges = [6, 13, 20, 27, 29, 30, 31, 34, 41, 48]
  .flatMap((bits) => [2 ** bits - 1, 2 ** bits, 2 ** bits + 1])
  .flatMap((n) => [n, -n, -n - 1]);

describe('writeVarlong', () => {
  test.each([0, -1, 1, ...edges])('writes %d as the reference does', (value) => {
    const buffer = Buffer.alloc(10);
    const end = writeVarlong(buffer, 0, value);
    expect([...buffer.subarray(0, end)]).toEqual(reference(value));
    expect(varlongSize(value)).toBe(end);
  });

  test('writes any safe integer as the reference does', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const buffer = Buffer.alloc(10);
        const end = writeVarlong(buffer, 0, value);
        expect([...buffer.subarray(0, end)]).toEqual(reference(value));
        expect(varlongSize(value)).toBe(end);
      }),
    );
  });
});

describe('writeVarint', () => {
  test.each([0, -1, 1, 2 ** 31 - 1, -(2 ** 31), ...edges.filter((n) => n === (n | 0))])(
    'writes %d as the reference does',
    (value) => {
      const buffer = Buffer.alloc(10);
      const end = writeVarint(buffer, 0, value);
      expect([...buffer.subarray(0, end)]).toEqual(reference(value));
      expect(varintSize(value)).toBe(end);
    },
  );
});

describe('writeInt64', () => {
  test('agrees with BigInt for any safe integer, both ways', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        const buffer = Buffer.alloc(8);
        writeInt64(buffer, 0, value);
        expect(buffer.readBigInt64BE()).toBe(BigInt(value));
        expect(readInt64(buffer, 0)).toBe(value);
      }),
    );
  });
});
