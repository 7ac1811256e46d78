import { describe, expect, test } from 'vitest';
import {
  bytesOfDuration,
  dateOfDays,
  dateOfMicros,
  dateOfNanos,
  daysOfDate,
  durationOfBytes,
  microsOfDate,
  nanosOfDate,
} from '../../schemas/index.ts';

describe('time values', () => {
  test.each([
    [0, '1970-01-01'],
    [-1, '1969-12-31'],
    [17_168, '2017-01-02'],
  ])('day %d is %s', (days, text) => {
    expect(dateOfDays(days).toISOString()).toBe(`${text}T00:00:00.000Z`);
    expect(daysOfDate(new Date(`${text}T23:59:59.999Z`))).toBe(days);
  });

  test.each([
    [1_500, '1970-01-01T00:00:00.001Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
  ])('%d microseconds are cut to %s', (micros, text) => {
    expect(dateOfMicros(micros).toISOString()).toBe(text);
    expect(dateOfNanos(BigInt(micros) * 1000n).toISOString()).toBe(text);
  });

  test('dates of today are exact in nanoseconds', () => {
    const date = new Date('2026-05-06T07:08:09.010Z');
    expect(nanosOfDate(date)).toBe(1_778_051_289_010_000_000n);
    expect(dateOfNanos(nanosOfDate(date))).toEqual(date);
    expect(dateOfMicros(microsOfDate(date))).toEqual(date);
  });

  test('a duration is three numbers, little-endian', () => {
    const parts = { months: 1, days: 2, milliseconds: 0xffffffff };
    expect(bytesOfDuration(parts).toString('hex')).toBe('0100000002000000ffffffff');
    expect(durationOfBytes(bytesOfDuration(parts))).toEqual(parts);
    expect(() => bytesOfDuration({ ...parts, days: -1 })).toThrow(
      'days of a duration are 0 to 4294967295, not -1',
    );
    expect(() => durationOfBytes(Buffer.alloc(4))).toThrow('a duration has 12 bytes, not 4');
  });
});
