import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CircuitBreaker } from '../../../runtime/calls/circuit-breaker.ts';

const def = { window: 4, openAt: 0.5, coolDownMs: 100 };

function settled(breaker: CircuitBreaker, failed: boolean, nowMs: number): void {
  breaker.settle(breaker.admit(nowMs) as number, failed, nowMs);
}

describe('CircuitBreaker', () => {
  test('opens when the share of failures is reached among as many requests as count', () => {
    const breaker = new CircuitBreaker(def);
    for (const failed of [true, true, false]) settled(breaker, failed, 0);
    expect(breaker.state(0)).toBe('closed');
    settled(breaker, false, 0);
    expect(breaker.state(0)).toBe('open');
    expect(breaker.admit(0)).toBeUndefined();
  });

  test('forgets what is older than the window', () => {
    const breaker = new CircuitBreaker(def);
    for (const failed of [true, false, false, false, true, false, false, false]) {
      settled(breaker, failed, 0);
    }
    expect(breaker.state(0)).toBe('closed');
  });

  test.each([
    [99, 'open', 1],
    [100, 'half-open', 0],
    [101, 'half-open', 0],
  ] as const)('is, %i ms after it opened, %s', (ms, state, waitMs) => {
    const breaker = new CircuitBreaker(def);
    for (let i = 0; i < 4; i++) settled(breaker, true, 0);
    expect(breaker.state(ms)).toBe(state);
    expect(breaker.waitMs(ms)).toBe(waitMs);
  });

  test('lets one request out at a time while it is half open', () => {
    const breaker = new CircuitBreaker(def);
    for (let i = 0; i < 4; i++) settled(breaker, true, 0);
    const probe = breaker.admit(100) as number;
    expect(breaker.admit(100)).toBeUndefined();
    expect(breaker.waitMs(100)).toBeUndefined();
    breaker.settle(probe, undefined, 110);
    const second = breaker.admit(110) as number;
    breaker.settle(second, true, 120);
    expect(breaker.state(219)).toBe('open');
    const third = breaker.admit(220) as number;
    breaker.settle(third, false, 230);
    expect(breaker.state(230)).toBe('closed');
    for (let i = 0; i < 3; i++) settled(breaker, true, 230);
    expect(breaker.state(230)).toBe('closed');
  });

  test('takes no notice of late results while it is open', () => {
    const breaker = new CircuitBreaker(def);
    const late = breaker.admit(0) as number;
    for (let i = 0; i < 4; i++) settled(breaker, true, 0);
    breaker.settle(late, false, 50);
    expect(breaker.state(50)).toBe('open');
  });

  test('agrees with its definition, whatever the results and the times', () => {
    const step = fc.record({ failed: fc.boolean(), waitMs: fc.integer({ min: 0, max: 150 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(0.25, 0.5, 0.8, 1),
        fc.array(step, { maxLength: 60 }),
        (window, openAt, steps) => {
          const breaker = new CircuitBreaker({ window, openAt, coolDownMs: 100 });
          let latest: boolean[] = [];
          let openedMs = -1;
          let now = 0;
          for (const { failed, waitMs } of steps) {
            now += waitMs;
            const ticket = breaker.admit(now);
            const isOpen = openedMs >= 0 && now < openedMs + 100;
            expect(ticket === undefined).toBe(isOpen);
            if (ticket === undefined) continue;
            breaker.settle(ticket, failed, now);
            if (openedMs >= 0) {
              openedMs = failed ? now : -1;
              latest = [];
              continue;
            }
            latest = [...latest, failed].slice(-window);
            const share = latest.filter(Boolean).length / window;
            if (latest.length === window && share >= openAt) openedMs = now;
          }
        },
      ),
    );
  });
});
