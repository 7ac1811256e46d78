import { describe, expect, test } from 'vitest';
import { durationMs, durationText } from '../../../topology/core/duration.ts';

describe('durationText', () => {
  test.each([
    [0, '0ms'],
    [250, '250ms'],
    [90_000, '1m30s'],
    [86_400_000, '1d'],
    [90_061_001, '1d1h1m1s1ms'],
  ])('writes %d ms as %s, which reads back', (ms, text) => {
    expect(durationText(ms)).toBe(text);
    expect(durationMs(text)).toBe(ms);
  });
});
