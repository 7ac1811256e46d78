import { describe, expect, test } from 'vitest';
import { compareManifests } from '../../../../topology/plan/compare/compare.ts';
import { type Difference, differenceText } from '../../../../topology/plan/compare/difference.ts';
import type { Manifest } from '../../../../topology/plan/compare/manifest.ts';
import { manifest, orders, swap } from './edits.ts';

const effect = 'effect: { idempotent: { window: 24h } }';
const once = (text: string): string =>
  swap(
    effect,
    'effect: at-most-once',
  )(
    swap(
      'attempts: 4,',
      'attempts: 1,',
    )(swap('{ park: 5m, times: 12, then: undecided }', '{ out: undecided }')(text)),
  );

function verdicts(old: Manifest, next: Manifest): string[] {
  const found: readonly Difference[] = compareManifests(old, next, () => true);
  return found.map(differenceText);
}

describe('the effect of a call', () => {
  test.each([
    ['effect: { idempotent: { window: 12h } }', 'idempotent for 12h'],
    ['effect: lookup', 'lookup'],
    ['effect: at-least-once', 'at-least-once'],
  ])('may become %s while it runs', (now, name) => {
    expect(verdicts(manifest(orders), manifest(swap(effect, now)(orders)))).toEqual([
      `rolling   call "payments": its effect is ${name} instead of idempotent for 1d`,
    ]);
  });

  test('becomes at-most-once only when nothing is open', () => {
    expect(verdicts(manifest(orders), manifest(once(orders)))).toContain(
      'drain     call "payments": its effect is at-most-once instead of idempotent for 1d; ' +
        'requests that are open may have been sent already, and would be sent again; ' +
        'to be read to its end first: orders-charge-journal-changelog',
    );
  });

  test('is idempotent in manifests of versions that knew no other', () => {
    const now = manifest(orders);
    const { effect: _, ...payments } = now.calls['payments'] as Manifest['calls'][string];
    const topics = Object.entries(now.topics).filter(([name]) => !/calls?-?/.test(name));
    const old = { ...now, calls: { payments }, topics: Object.fromEntries(topics) };
    expect(verdicts(old, now)).toEqual([
      'rolling   topic "orders-charge-calls": it is new; from now on',
    ]);
  });

  test.each([
    ['open-at: 50%', 'open-at: 60%', 'breaker'],
    ['attempts: 4', 'attempts: 5', 'retry'],
    ['timeout: 2s', 'timeout: 3s', 'timeout'],
  ])('says of %s, now %s, only that it changed', (from, to, name) => {
    expect(verdicts(manifest(orders), manifest(swap(from, to)(orders)))).toEqual([
      `rolling   stage "charge": its ${name} changed`,
    ]);
  });
});
