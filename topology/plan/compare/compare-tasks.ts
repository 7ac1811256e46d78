import type { Comparison } from './comparison.ts';
import type { Difference } from './difference.ts';
import type { Manifest } from './manifest.ts';

/**
 * What became of the tasks. Members of two versions may share a group only while every task that
 * both know is the same one, with the same inputs and as many partitions.
 */
export function compareTasks({ old, next }: Comparison): Difference[] {
  const found: Difference[] = [];
  for (const [id, after] of Object.entries(next.subTopologies)) {
    const before = old.subTopologies[id];
    const subject = { kind: 'sub-topology', name: id } as const;
    if (before === undefined) {
      const claimed = readBefore(old, after.sourceTopics);
      if (claimed.length > 0) {
        found.push({
          verdict: 'drain',
          subject,
          change: `it takes ${list(claimed)} over`,
          cost: apart,
        });
      }
      continue;
    }
    if (before.partitions !== after.partitions) {
      const stateful = before.stores.length > 0;
      found.push({
        verdict: stateful ? 'rebuild' : 'drain',
        subject,
        change: `it has ${after.partitions} partitions instead of ${before.partitions}`,
        cost: stateful
          ? 'keys lie in other partitions than their state'
          : 'keys lie in other partitions than before',
      });
    }
    const more = after.sourceTopics.filter((topic) => !before.sourceTopics.includes(topic));
    const less = before.sourceTopics.filter((topic) => !after.sourceTopics.includes(topic));
    if (more.length > 0) {
      found.push({ verdict: 'drain', subject, change: `it also reads ${list(more)}`, cost: apart });
    }
    if (less.length > 0) {
      const drains = less.filter((topic) => old.topics[topic]?.role === 'repartition');
      found.push({
        verdict: 'drain',
        subject,
        change: `it does not read ${list(less)} any more`,
        ...(drains.length === 0 ? {} : { drains }),
      });
    }
  }
  for (const [id, before] of Object.entries(old.subTopologies)) {
    if (next.subTopologies[id] !== undefined) continue;
    const drains = before.sourceTopics.filter((topic) => old.topics[topic]?.role === 'repartition');
    found.push({
      verdict: drains.length > 0 || before.stores.length > 0 ? 'drain' : 'rolling',
      subject: { kind: 'sub-topology', name: id },
      change: 'it is gone',
      ...(drains.length === 0 ? {} : { drains, orphans: drains }),
    });
  }
  return found;
}

const apart = 'a task of it is not the same in both versions';

/** Topics of these that another task reads in the old version. */
function readBefore(old: Manifest, topics: readonly string[]): readonly string[] {
  const read = new Set(Object.values(old.subTopologies).flatMap((sub) => sub.sourceTopics));
  return topics.filter((topic) => read.has(topic));
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
