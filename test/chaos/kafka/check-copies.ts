import { foldChangelog } from '../checks/stores.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';
import type { KafkaEvidence } from './gather.ts';

/**
 * Every copy of a store, whoever has it and however old it is, is the fold of its changelog up to the
 * position that it names, byte for byte; what was not committed is in none (E2, E4). The changelogs
 * must be whole: nothing compacted away.
 */
export function checkCopies({ plan, topics, copies }: KafkaEvidence): readonly Finding[] {
  const findings = new Findings('store-equals-changelog');
  const changelogs = new Map([...plan.stores.values()].map((it) => [it.name, it.changelog]));
  for (const { member, place, position, rows } of copies) {
    const [store = '', partition] = place.split('/');
    const changelog = changelogs.get(store);
    if (changelog === undefined) continue;
    const records = topics.get(changelog)?.[Number(partition)] ?? [];
    const fold = foldChangelog(records.filter(({ offset }) => offset < position));
    for (const key of new Set([...fold.keys(), ...rows.keys()])) {
      const [is, expected] = [rows, fold].map((it) => it.get(key)?.value.toString('hex'));
      if (is === expected) continue;
      const where = `${place} of ${member} at ${position}`;
      findings.add(`${where}: ${key} is ${is}, expected ${expected}`);
    }
  }
  return findings.list();
}
