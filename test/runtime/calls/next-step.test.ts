import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextStep } from '../../../runtime/calls/next-step.ts';
import type { CallEffect } from '../../../topology/definition/definition.ts';

const facts = fc.record({
  uncertain: fc.boolean(),
  marked: fc.boolean(),
  held: fc.boolean(),
  sinceMs: fc.integer({ min: 0, max: 100 }),
  hasLookup: fc.boolean(),
});
const effect = fc.constantFrom<CallEffect>(
  { kind: 'idempotent', windowMs: 50 },
  { kind: 'lookup' },
  { kind: 'at-most-once' },
  { kind: 'at-least-once' },
);

describe('nextStep', () => {
  test.each([
    [149, 'send'],
    [150, 'hold'],
    [151, 'hold'],
  ] as const)(
    'of an idempotent call at %i ms, where the window ends at 150, is %s',
    (now, step) => {
      const unmarked = { marked: false, held: false };
      const known = { uncertain: true, ...unmarked, sinceMs: 100, hasLookup: false };
      expect(nextStep({ kind: 'idempotent', windowMs: 50 }, known, now)).toBe(step);
    },
  );

  test('sends what is certainly new, and marks it first where it is sent once', () => {
    fc.assert(
      fc.property(effect, facts, fc.nat(300), (kind, known, now) => {
        const step = nextStep(kind, { ...known, uncertain: false }, now);
        const marks = kind.kind === 'at-most-once' && !known.marked;
        expect(step).toBe(marks ? 'mark' : 'send');
      }),
    );
  });

  test('sends again only where a repeat is harmless or allowed', () => {
    fc.assert(
      fc.property(effect, facts, fc.nat(300), (kind, known, now) => {
        if (nextStep(kind, { ...known, uncertain: true }, now) !== 'send') return;
        const harmless = kind.kind === 'idempotent' && now - known.sinceMs < kind.windowMs;
        expect(harmless || kind.kind === 'at-least-once').toBe(true);
      }),
    );
  });

  test('looks up only where there is a look-up, or the effect demands one', () => {
    fc.assert(
      fc.property(effect, facts, fc.nat(300), (kind, known, now) => {
        if (nextStep(kind, known, now) !== 'look-up') return;
        expect(known.hasLookup || kind.kind === 'lookup').toBe(true);
      }),
    );
  });
});
