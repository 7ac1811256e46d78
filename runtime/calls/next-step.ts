import type { CallEffect } from '../../topology/definition/definition.ts';

/** What is known of a call that is due. */
export interface CallFacts {
  /** A request may have gone out, and what became of it is not known. */
  readonly uncertain: boolean;
  /** At-most-once: the journal says that a request may go out. */
  readonly marked: boolean;
  /** It was held: its window was over once, and a clock that has gone back does not open it again. */
  readonly held: boolean;
  /** Nothing was sent before this time, wall clock, ms. */
  readonly sinceMs: number;
  readonly hasLookup: boolean;
}

/**
 * What may be done next for a call:
 *
 * - `send` the request; `mark` it in the journal, then send it;
 * - `look-up` what became of an earlier one;
 * - `hold` it for a person; `give-up`: it cannot be known.
 */
export type CallStep = 'send' | 'mark' | 'look-up' | 'hold' | 'give-up';

/** The step that an effect allows (design.md 7). */
export function nextStep(effect: CallEffect, facts: CallFacts, nowMs: number): CallStep {
  const { uncertain, marked, held, sinceMs, hasLookup } = facts;
  switch (effect.kind) {
    case 'idempotent':
      if (!uncertain || (!held && nowMs - sinceMs < effect.windowMs)) return 'send';
      return hasLookup ? 'look-up' : 'hold';
    case 'lookup':
      return uncertain ? 'look-up' : 'send';
    case 'at-most-once':
      if (uncertain) return 'give-up';
      return marked ? 'send' : 'mark';
    case 'at-least-once':
      return 'send';
  }
}
