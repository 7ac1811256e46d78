import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../../../topology/plan/plan.ts';
import { diskRows, readTopic } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';
import { withFolder } from '../open-folder.ts';
import { foldChangelog } from './stores.ts';

/**
 * Right after a kill: the disk stores hold nothing that the log does not, and exactly what their
 * changelogs say up to the positions that they name (E4). Rows that a later record writes again are
 * passed over: compaction may have taken the earlier one away.
 */
export async function checkDiskBehindLog(data: string, plan: Plan): Promise<readonly Finding[]> {
  if (!existsSync(join(data, 'state', 'orders', 'data.mdb'))) return [];
  const findings = new Findings('disk-behind-log');
  await withFolder(data, async (log, state) => {
    for (const { name, changelog } of plan.stores.values()) {
      const topic = await log.admin.describe(changelog);
      const partitions =
        topic === undefined ? [] : await readTopic(log, changelog, topic.partitions);
      for (const [partition, records] of partitions.entries()) {
        const place = `${name}/${partition}`;
        const position = state.open(name, partition).position() ?? 0;
        const end = (records.at(-1)?.offset ?? -1) + 1;
        if (position > end) findings.add(`${place}: position ${position} is past the end ${end}`);
        const later = new Set(
          records.filter(({ offset }) => offset >= position).map(({ key }) => key?.toString('hex')),
        );
        const fold = foldChangelog(records.filter(({ offset }) => offset < position));
        const rows = await diskRows(state, name, partition);
        for (const key of new Set([...fold.keys(), ...rows.keys()])) {
          if (later.has(key)) continue;
          const is = rows.get(key)?.value.toString('hex');
          const expected = fold.get(key)?.value.toString('hex');
          if (is !== expected) findings.add(`${place}: ${key} is ${is}, expected ${expected}`);
        }
      }
    }
  });
  return findings.list();
}
