import { statSync } from 'node:fs';
import { execPath } from 'node:process';
import { describe, expect, test } from 'vitest';
import { MappedBudget, residentFileBytes } from '../../../runtime/mapped/mapped-budget.ts';

describe('MappedBudget', () => {
  /** Answers to the measures given, one after the other. */
  function answers(maxBytes: number, measures: readonly (number | undefined)[]): boolean[] {
    let at = 0;
    const budget = new MappedBudget(maxBytes, () => measures[at++]);
    return measures.map(() => budget.isSpent());
  }

  test('is spent when more became resident than it allows', () => {
    expect(answers(10, [100, 109, 110, 111, 110])).toEqual([false, false, false, true, false]);
  });

  test('counts from the least that was resident', () => {
    expect(answers(10, [100, 50, 60, 61])).toEqual([false, false, false, true]);
  });

  test('is never spent where the system does not say how much is resident', () => {
    expect(answers(-1, [undefined, undefined])).toEqual([false, false]);
  });

  test('counts anew after it was renewed', () => {
    let bytes = 100;
    const budget = new MappedBudget(10, () => bytes);
    expect(budget.isSpent()).toBe(false);
    bytes = 150;
    expect(budget.isSpent()).toBe(true);
    budget.renew();
    expect(budget.isSpent()).toBe(false);
    bytes = 160;
    expect(budget.isSpent()).toBe(false);
    bytes = 161;
    expect(budget.isSpent()).toBe(true);
  });
});

describe.runIf(process.platform === 'linux')('residentFileBytes', () => {
  test('counts some of the node program, and no more than can be', () => {
    const bytes = residentFileBytes() as number;
    expect(bytes).toBeGreaterThan(1024 ** 2);
    expect(bytes).toBeLessThan(process.memoryUsage.rss() + statSync(execPath).size);
  });
});
