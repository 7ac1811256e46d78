import type { Evidence } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';

/**
 * Every record of every input was taken by the task of its partition, once and in order, and the
 * committed positions say so (E1, E3).
 */
export function checkTakenOnce(evidence: Evidence): readonly Finding[] {
  const { plan, topics, trace, positions, ends } = evidence;
  const findings = new Findings('taken-once');
  const taken = new Map<string, number[]>();
  for (const { task, topic, partition, offset } of trace) {
    const place = `${task} ${topic}/${partition}`;
    const offsets = taken.get(place);
    if (offsets === undefined) taken.set(place, [offset]);
    else offsets.push(offset);
  }
  for (const { id, sourceTopics } of plan.subTopologies) {
    for (const topic of sourceTopics) {
      for (const [partition, records] of (topics.get(topic) ?? []).entries()) {
        const place = `${id}_${partition} ${topic}/${partition}`;
        const offsets = taken.get(place) ?? [];
        taken.delete(place);
        const wrong = records.findIndex(({ offset }, i) => offsets[i] !== offset);
        if (wrong >= 0) {
          const is = offsets[wrong] ?? 'nothing';
          findings.add(
            `${place}: at place ${wrong} took ${is}, not offset ${records[wrong]?.offset}`,
          );
        } else if (offsets.length > records.length) {
          findings.add(`${place}: took ${offsets.length} records of ${records.length}`);
        }
        const end = records.length === 0 ? 0 : (records.at(-1)?.offset ?? 0) + 1;
        const position = positions.get(topic)?.get(partition) ?? 0;
        const last = ends?.get(topic)?.get(partition) ?? end;
        if (position < end || position > last) {
          findings.add(`${place}: position ${position}, end ${end}`);
        }
      }
    }
  }
  for (const place of taken.keys()) findings.add(`${place}: no task of that name reads there`);
  return findings.list();
}
