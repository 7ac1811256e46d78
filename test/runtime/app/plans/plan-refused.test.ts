import { describe, expect, test } from 'vitest';
import { planRefused } from '../../../../runtime/app/plans/review.ts';
import type { Difference } from '../../../../topology/plan/compare/difference.ts';

const gone: Difference = {
  verdict: 'drain',
  subject: { kind: 'stage', name: 'counts' },
  change: 'it is gone',
  drains: ['words-counts-repartition'],
};

describe('planRefused', () => {
  test('names commands that can be copied, where something is to be read first', () => {
    const { code, message } = planRefused('words', [gone], 'words.yaml --log kafka --data d');
    expect(code).toBe('PLAN_REFUSED');
    expect(message).toBe(
      'application "words" cannot go on with what it did before:\n' +
        '  drain     stage "counts": it is gone; to be read to its end first: words-counts-repartition\n' +
        'Run the version before until it has caught up ("millrace run words.yaml --log kafka --data d --until-caught-up"), then this one, or give up what is stored: ' +
        '"millrace reset words.yaml --log kafka --data d" deletes its state and positions, and its input is read again; ' +
        'its outputs stay, so a run after it writes its results again. ' +
        '"millrace plan words.yaml --log kafka --data d" shows all differences',
    );
  });

  test('says how to let go what is parked', () => {
    const drains = ['words-loud-parked-changelog'];
    const { message } = planRefused('words', [{ ...gone, drains }], 'words.yaml');
    expect(message).toContain(
      'With the version before, let go what is parked ("millrace dlq redrive words.yaml", "millrace dlq discard words.yaml LETTER…"). ' +
        'Run the version before until it has caught up ("millrace run words.yaml --until-caught-up"), then this one, ',
    );
  });
});
