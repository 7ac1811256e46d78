import type { Parking } from '../plan.ts';
import type { Comparison } from './comparison.ts';
import type { Difference } from './difference.ts';
import type { Manifest } from './manifest.ts';

type Change = Omit<Difference, 'subject'>;

/** What became of how tasks hold records of keys that have a dead letter, where both versions do. */
export function compareParking(both: Comparison): Difference[] {
  return [...storeChanges(both), ...lostLetters(both)];
}

/** Dead letters are looked for in the topics of the plan that is there: those that park keys must not be in others. */
function lostLetters({ old, next }: Comparison): Difference[] {
  const drains = Object.entries(old.subTopologies).flatMap(([id, { parking }]) => {
    const stays = next.subTopologies[id]?.parking !== undefined;
    return stays && parking !== undefined ? (old.stores[parking.store]?.changelog ?? []) : [];
  });
  if (drains.length === 0) return [];
  return Object.entries(old.topics).flatMap(([name, { role }]): Difference[] => {
    if (role !== 'dead-letter' || next.topics[name]?.role === role) return [];
    const change = 'dead letters are not written to it any more';
    const cost = 'those in it that park keys could not be released';
    return [{ verdict: 'drain', subject: { kind: 'topic', name }, change, cost, drains }];
  });
}

function storeChanges({ old, next }: Comparison): Difference[] {
  return Object.entries(next.subTopologies).flatMap(([id, { parking: after }]): Difference[] => {
    const before = old.subTopologies[id]?.parking;
    if (before === undefined || after === undefined) return [];
    const subject = { kind: 'store', name: after.store } as const;
    const changelog = old.stores[before.store]?.changelog;
    const drains = changelog === undefined ? [] : [changelog];
    const found = [...topicChange(before, after, drains), ...boundChange(before, after)];
    return found.map((change) => ({ subject, ...change }));
  });
}

function topicChange(before: Parking, after: Parking, drains: readonly string[]): Change[] {
  const less = before.topics.filter((topic) => !after.topics.includes(topic));
  if (less.length === 0) return [];
  const change = `records of ${less.map((topic) => `"${topic}"`).join(', ')} wait in it no more`;
  const cost = 'those that do could not be released';
  return [{ verdict: 'drain', change, cost, drains }];
}

function boundChange(before: Parking, after: Parking): Change[] {
  const found: Change[] = [];
  if (before.most !== after.most) {
    const full = after.whenFull === 'stop' ? 'stops the application' : 'takes no records meanwhile';
    found.push({
      verdict: 'rolling',
      change: `a task holds ${after.most} records at most instead of ${before.most}`,
      ...(after.most > before.most ? {} : { cost: `one that holds as many already ${full}` }),
    });
  }
  if (before.whenFull !== after.whenFull) {
    const change =
      after.whenFull === 'stop'
        ? 'a task that is full stops the application instead of waiting'
        : 'a task that is full waits instead of stopping the application';
    found.push({ verdict: 'rolling', change });
  }
  return found;
}

/** Names of the stores that hold parked records. */
export function parkedStores(manifest: Manifest): ReadonlySet<string> {
  const subs = Object.values(manifest.subTopologies);
  return new Set(subs.flatMap(({ parking }) => parking?.store ?? []));
}
