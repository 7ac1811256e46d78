import { describe, expect, test } from 'vitest';
import { CallDispatcher } from '../../../runtime/calls/call-dispatcher.ts';
import { CallLimiter } from '../../../runtime/calls/call-limiter.ts';
import { type CallProgress, newProgress } from '../../../runtime/calls/call-progress.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import type { CallEffect, CallOperatorDef } from '../../../topology/definition/definition.ts';

const minute = 60_000;
const day = 1440 * minute;

const operator: CallOperatorDef = {
  kind: 'call',
  call: 'service',
  request: {},
  idempotencyKey: 'key',
  timeoutMs: 1000,
  retry: { attempts: 3, backoffMs: 1, maxMs: 1, jitter: 'none', when: ['timeout'] },
  concurrency: { limit: 1, order: 'per-key' },
  match: 'reply',
  outcomes: {},
  unknown: { out: 'unknown', park: { afterMs: 5 * minute, times: 2 } },
};

/** A dispatcher that takes a call over as another owner left it, at time 0. */
function takeOver(progress: Partial<CallProgress>, effect: CallEffect) {
  const clock = new ManualClock();
  const sent: number[] = [];
  const dispatcher = new CallDispatcher({
    operator,
    effect,
    lookup: undefined,
    breaker: undefined,
    note: () => {},
    limiter: new CallLimiter(1),
    clock,
    random: () => 0.5,
    isReply: () => true,
    handler: async () => void sent.push(clock.now()),
    ended: () => {},
  });
  const intent = {
    record: new StreamRecord('a', 'a1', 0),
    request: 'a1',
    idempotencyKey: 'id-a1',
    progress: { ...newProgress(0), ...progress },
  };
  dispatcher.issue(0, 'a', intent, false);
  return { clock, sent, dispatcher };
}

describe('a call that is taken over where the clock is behind', () => {
  test('waits out its pause, and no longer than a pause is', () => {
    const { clock, sent, dispatcher } = takeOver(
      { parkedUntilMs: 365 * day, parks: 1 },
      { kind: 'at-least-once' },
    );
    clock.advanceTo(5 * minute - 1);
    expect([sent, dispatcher.count('parked')]).toEqual([[], 1]);
    clock.advanceTo(5 * minute);
    expect(sent).toEqual([5 * minute]);
  });

  test('stays held, though its window seems not to be over', () => {
    const { clock, sent, dispatcher } = takeOver(
      { sinceMs: -minute, parkedUntilMs: Number.POSITIVE_INFINITY },
      { kind: 'idempotent', windowMs: day },
    );
    clock.advanceTo(day);
    expect([sent, dispatcher.count('held')]).toEqual([[], 1]);
  });
});
