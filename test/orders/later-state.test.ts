import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isFinal, laterState } from '../../processors/orders/later-state.ts';
import type { State } from '../../schemas/orders/shop.ts';

const state = fc.constantFrom<State>(
  'PAID',
  'REJECTED',
  'OUT_OF_STOCK',
  'PAYMENT_DECLINED',
  'PAYMENT_UNKNOWN',
);
const fold = (states: readonly State[]): State | null =>
  states.reduce<State | null>(laterState, null);

describe('laterState', () => {
  test('takes the first state that is said', () => {
    fc.assert(fc.property(state, (said) => laterState(null, said) === said));
  });

  test('goes from PAYMENT_UNKNOWN to a final state, and never back', () => {
    expect(fold(['PAYMENT_UNKNOWN', 'PAID', 'PAYMENT_UNKNOWN'])).toBe('PAID');
  });

  test('ends in the first final state, whatever comes between and after', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 1 }), (states) => {
        expect(fold(states)).toBe(states.find(isFinal) ?? 'PAYMENT_UNKNOWN');
      }),
    );
  });

  test('is not changed by repeats', () => {
    fc.assert(
      fc.property(fc.array(state), (states) => {
        expect(fold(states.flatMap((said) => [said, said]))).toBe(fold(states));
      }),
    );
  });
});
