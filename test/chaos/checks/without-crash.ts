import { canonicalText } from '../../../processors/canonical.ts';
import type { Evidence } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';

/** Topics whose records of one key have one writer, so that their order is given. */
const streams = ['orders.placed', 'warehouse.deliveries', 'orders.paid', 'orders.status'];
/** Topics keyed by store: several orders share a key, and which comes first is a matter of timing. */
const byStore = [
  'orders-reserve-take-repartition',
  'orders-reserve-release-repartition',
  'orders-charge-repartition',
];

/** With unlimited stock and answers by key, each topic equals that of a run without a crash, key by key. */
export function checkWithoutCrash(crashed: Evidence, calm: Evidence): readonly Finding[] {
  const findings = new Findings('same-without-crash');
  for (const topic of [...streams, ...byStore]) {
    const expected = byKey(calm, topic);
    const actual = byKey(crashed, topic);
    for (const key of new Set([...expected.keys(), ...actual.keys()])) {
      const one = expected.get(key) ?? [];
      const other = actual.get(key) ?? [];
      if (byStore.includes(topic)) for (const texts of [one, other]) texts.sort(byCodeUnits);
      if (one.join('\n') === other.join('\n')) continue;
      findings.add(`${topic}, key ${key}: ${other.join('; ')} instead of ${one.join('; ')}`);
    }
  }
  return findings.list();
}

function byKey({ topics, decode }: Evidence, topic: string): ReadonlyMap<string, string[]> {
  const keys = new Map<string, string[]>();
  for (const { partition, key, value, time, headers } of (topics.get(topic) ?? []).flat()) {
    const text = canonicalText({ partition, value: decode(value), time, headers });
    const known = keys.get(String(key));
    if (known === undefined) keys.set(String(key), [text]);
    else known.push(text);
  }
  return keys;
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
