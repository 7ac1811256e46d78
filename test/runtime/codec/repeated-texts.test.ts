import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RepeatedTexts } from '../../../runtime/codec/repeated-texts.ts';

describe('RepeatedTexts', () => {
  test('gives what stands there, whatever stood there before', () => {
    const text = fc.oneof(
      fc.constantFrom('', 'trace-id', 'trace-ie', 'träce-id', 'x'.repeat(64), 'x'.repeat(65)),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.nat({ max: 12 }))), (steps) => {
        const texts = new RepeatedTexts();
        for (const [it, place] of steps) {
          const buffer = Buffer.from(`..${it}..`);
          expect(texts.text(buffer, 2, buffer.length - 2, place)).toBe(it);
        }
      }),
    );
  });
});
