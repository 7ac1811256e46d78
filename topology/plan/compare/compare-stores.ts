import { durationText } from '../../core/duration.ts';
import { parkedStores } from './compare-parking.ts';
import type { Comparison } from './comparison.ts';
import type { Difference } from './difference.ts';
import type { StoreManifest } from './manifest.ts';

/** What became of each store: its keys and values, its time to live, who writes it. */
export function compareStores(both: Comparison): Difference[] {
  const { old, next } = both;
  const gone = Object.keys(old.stores).filter((name) => next.stores[name] === undefined);
  const added = Object.keys(next.stores).filter((name) => old.stores[name] === undefined);
  const found: Difference[] = [];
  const taken = new Set<string>();
  const parked = { old: parkedStores(old), next: parkedStores(next) };
  for (const name of gone) {
    const store = old.stores[name] as StoreManifest;
    const after = added.find(
      (candidate) =>
        parked.old.has(name) === parked.next.has(candidate) && isRenamed(both, name, candidate),
    );
    if (after !== undefined) taken.add(after);
    if (after !== undefined) found.push(renamed(name, after, store));
    else found.push(removed(name, store, parked.old.has(name)));
  }
  for (const name of added) {
    if (taken.has(name)) continue;
    found.push({
      verdict: 'rolling',
      subject: { kind: 'store', name },
      change: 'it is new',
      cost: parked.next.has(name)
        ? fromNow
        : 'it begins empty, and holds what is processed from now on',
    });
  }
  for (const [name, store] of Object.entries(next.stores)) {
    const before = old.stores[name];
    if (before !== undefined) found.push(...changes(both, name, before, store));
  }
  return found;
}

function orphansOf({ changelog, sourceBacked }: StoreManifest): Pick<Difference, 'orphans'> {
  return sourceBacked ? {} : { orphans: [changelog] };
}

/** What parking begins with. */
const fromNow =
  'keys with a dead letter of before are not parked, and a task that a member of the old version ' +
  'takes over meanwhile lets records overtake those that wait';

function removed(name: string, store: StoreManifest, parked: boolean): Difference {
  // What an open call is about, or a record that waits, must not be forgotten: it is to be empty.
  const journal = name.endsWith('-journal') && store.users.includes(name.slice(0, -8));
  const lost = parked ? 'records that wait in it' : journal ? 'calls that are open' : undefined;
  return {
    verdict: 'drain',
    subject: { kind: 'store', name },
    change: 'it is gone',
    ...(lost === undefined
      ? {}
      : { cost: `${lost} would be forgotten`, drains: [store.changelog] }),
    ...orphansOf(store),
  };
}

function renamed(name: string, after: string, store: StoreManifest): Difference {
  return {
    verdict: 'forbidden',
    subject: { kind: 'store', name },
    change: `it looks as if it were called "${after}" now`,
    cost: 'under the new name it would begin empty: keep the old name',
    ...orphansOf(store),
  };
}

function isRenamed({ old, next, renamed: stages }: Comparison, from: string, to: string): boolean {
  const [before, after] = [old.stores[from], next.stores[to]];
  if (before === undefined || after === undefined || before.global !== after.global) return false;
  if (before.key !== after.key || before.value !== after.value) return false;
  const users = before.users.map((user) => stages.get(user) ?? user);
  return users.some((user) => after.users.includes(user));
}

function changes(
  both: Comparison,
  name: string,
  before: StoreManifest,
  after: StoreManifest,
): Difference[] {
  const subject = { kind: 'store', name } as const;
  const found: Omit<Difference, 'subject'>[] = [];
  if (before.key !== after.key) {
    found.push({
      verdict: 'rebuild',
      change: `its keys are ${schemaChange(both, before.key, after.key)}`,
      cost: 'rows are found by the bytes of their keys',
    });
  }
  if (before.value !== after.value) found.push(valueChange(both, before.value, after.value));
  if (before.ttl !== after.ttl) found.push(ttlChange(before.ttl, after.ttl));
  const sharers = before.users.map((user) => both.renamed.get(user) ?? user);
  if (!sharers.some((user) => after.users.includes(user))) {
    found.push({
      verdict: 'rebuild',
      change: `it belongs to ${list(after.users)} instead of ${list(before.users)}`,
      cost: 'rows of one stage mean nothing to another',
    });
  }
  if (before.changelog !== after.changelog || before.global !== after.global) {
    found.push({
      verdict: 'rebuild',
      change: `it is restored from "${after.changelog}" instead of "${before.changelog}"`,
      ...orphansOf(before),
    });
  }
  return found.map((rest) => ({ subject, ...rest }));
}

function ttlChange(before: number | 'none', after: number | 'none'): Omit<Difference, 'subject'> {
  const change = `rows live ${ttlText(after)} instead of ${ttlText(before)}`;
  const shorter = after !== 'none' && (before === 'none' || after < before);
  return shorter
    ? { verdict: 'drain', change, cost: 'older rows are dropped' }
    : {
        verdict: 'rolling',
        change,
        cost: 'what has expired stays gone: it is incomplete at first',
      };
}

function schemaChange({ schemaName }: Comparison, before: string, after: string): string {
  const [from, to] = [schemaName(before), schemaName(after)];
  return from === to ? `${to} of another version` : `${to} instead of ${from}`;
}

function valueChange(both: Comparison, before: string, after: string): Omit<Difference, 'subject'> {
  const change = `its values are ${schemaChange(both, before, after)}`;
  switch (both.stored(before, after)) {
    case 'no':
      return {
        verdict: 'migrate',
        change,
        cost: 'the new schema does not read what is stored, and nothing rewrites it yet: a reset makes it anew',
      };
    case 'reads':
      return {
        verdict: 'drain',
        change,
        cost: 'the old version does not read what the new one writes, so it cannot take over',
      };
    default:
      return {
        verdict: 'rolling',
        change,
        cost: 'each version reads what the other wrote; rows that are there stay as they are',
      };
  }
}

function ttlText(ttl: number | 'none'): string {
  return ttl === 'none' ? 'for ever' : durationText(ttl);
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
