import { describe, expect, test } from 'vitest';
import { differenceText } from '../../../../topology/plan/compare/difference.ts';
import { compare, manifest, orders, swap } from './edits.ts';

const policy = 'default: { dead-letter: orders.dead-letters,';
const parks = (settings: string): ((text: string) => string) =>
  swap(policy, `${policy} park-by-key: { ${settings} },`);

/** What an edit comes to, line by line; the line on the policy itself left out. */
function verdicts(
  before: (text: string) => string,
  after: (text: string) => string,
): readonly string[] {
  const old = manifest(before(orders));
  const lines = compare(old, manifest(after(orders), {}, old.subTopologies)).map(differenceText);
  const [own, others] = [true, false].map((is) =>
    lines.filter((line) => line.includes('treated in another way') === is),
  ) as [string[], string[]];
  expect(own).toEqual([
    'rolling   application "orders": failing records are treated in another way',
  ]);
  return others;
}

/** The only line about the store of one sub-topology. */
function ofOnce(lines: readonly string[]): string | undefined {
  const found = lines.filter((line) => line.includes('"once-parked"'));
  expect(found).toHaveLength(1);
  return found[0];
}

const same = (text: string): string => text;

describe('parking by key', () => {
  test('may begin while it runs', () => {
    const lines = verdicts(same, parks(''));
    expect(lines.map((line) => line.slice(0, 10).trim())).toEqual(lines.map(() => 'rolling'));
    expect(ofOnce(lines)).toBe(
      'rolling   store "once-parked": it is new; keys with a dead letter of before are not parked, and a task that a member of the old version takes over meanwhile lets records overtake those that wait',
    );
  });

  test('ends when nothing waits any more', () => {
    expect(ofOnce(verdicts(parks(''), same))).toBe(
      'drain     store "once-parked": it is gone; records that wait in it would be forgotten; to be read to its end first: orders-once-parked-changelog; left behind: orders-once-parked-changelog',
    );
  });

  test('says of another bound what it means for a task that is at it', () => {
    const bound = (before: string, after: string): string | undefined =>
      ofOnce(verdicts(parks(before), parks(after)));
    expect(bound('most: 50', 'most: 60')).toBe(
      'rolling   store "once-parked": a task holds 60 records at most instead of 50',
    );
    expect(bound('', 'most: 50')).toBe(
      'rolling   store "once-parked": a task holds 50 records at most instead of 10000; one that holds as many already takes no records meanwhile',
    );
    expect(bound('most: 9, when-full: stop', 'most: 8, when-full: stop')).toBe(
      'rolling   store "once-parked": a task holds 8 records at most instead of 9; one that holds as many already stops the application',
    );
  });

  test('says what a full task does now', () => {
    expect(ofOnce(verdicts(parks(''), parks('when-full: stop')))).toBe(
      'rolling   store "once-parked": a task that is full stops the application instead of waiting',
    );
    expect(ofOnce(verdicts(parks('when-full: stop'), parks('')))).toBe(
      'rolling   store "once-parked": a task that is full waits instead of stopping the application',
    );
  });

  test('keeps the topic of its dead letters until none of them parks a key', () => {
    const other = swap('{ dead-letter: orders.dead-letters,', '{ dead-letter: orders.letters,');
    const drained = (lines: readonly string[]): readonly string[] =>
      lines.filter((line) => line.startsWith('drain') && line.includes('dead letters are not'));
    const lines = verdicts(parks(''), (text) => other(parks('')(text)));
    expect(drained(lines)).toEqual([
      expect.stringMatching(
        /^drain {5}topic "orders\.dead-letters": dead letters are not written to it any more; those in it that park keys could not be released; to be read to its end first: .*orders-once-parked-changelog/,
      ),
    ]);
    expect(drained(verdicts(same, other))).toEqual([]);
  });

  test('lets a topic go when none of its records waits', () => {
    const old = manifest(parks('')(orders));
    const { once } = old.subTopologies;
    if (once?.parking === undefined) throw new Error('nothing parks');
    const parking = { ...once.parking, topics: [] };
    const next = { ...old, subTopologies: { ...old.subTopologies, once: { ...once, parking } } };
    expect(compare(old, next).map(differenceText)).toEqual([
      'drain     store "once-parked": records of "orders.placed" wait in it no more; those that do could not be released; to be read to its end first: orders-once-parked-changelog',
    ]);
  });

  test('of a stage that comes with its own store is no new name of that', () => {
    const audit = (more: string): ((text: string) => string) =>
      swap('\nerrors:\n', `\n  audit: { from: once.first, ${more} }\n\nerrors:\n`);
    const old = manifest(
      audit('peek: { use: log }, drop: [out], errors: { dead-letter: d, park-by-key: {} }')(orders),
    );
    const call = audit(
      'call: payments, request: { orderId: key, customerId: value.customerId, amountCents: 1, currency: value.currency }, idempotency-key: value.orderId, timeout: 2s, outcomes: { match: reply.state, APPROVED: { out: a }, DECLINED: { out: d }, unknown: { out: u } }, drop: [a, d, u]',
    );
    const next = manifest(call(orders), {}, old.subTopologies);
    const lines = compare(old, next).map(differenceText);
    expect(lines.filter((line) => line.includes('-parked') || line.startsWith('forb'))).toEqual([
      expect.stringMatching(/^drain {5}store "[a-z]+-parked": it is gone; records that wait/),
    ]);
  });

  test('leaves manifests of applications without it as they were', () => {
    expect(Object.values(manifest(orders).subTopologies)[0]).not.toHaveProperty('parking');
  });
});
