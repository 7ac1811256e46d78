import { ConfigError } from '../../topology/core/errors.ts';
import type { Plan, TopicPlan } from '../../topology/plan/plan.ts';
import type { Log, TopicInfo } from '../ports.ts';

/** Partitions of a topic that neither the file nor the log knows. */
const defaultPartitions = 1;

/**
 * Where a topology file speaks of a topic's key (`partitions`, `cleanup`): `orders.yaml:7:12`;
 * undefined where it does not.
 */
export type PlaceOfTopic = (topic: string, key: 'partitions' | 'cleanup') => string | undefined;

/**
 * Creates the topics of a plan that are missing, and verifies those that are there (the check that
 * only the log can make). Returns the partition count of each.
 * @throws {ConfigError} TOPIC_PARTITIONS, TOPIC_CLEANUP where a topic is not what the file says;
 * CHANGELOG_MISSING where a changelog is gone though the
 *   application has committed positions
 */
export async function ensureTopics(
  plan: Plan,
  log: Log,
  placeOf: PlaceOfTopic = () => undefined,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const existing = new Map<string, TopicInfo>();
  const problems: string[] = [];
  for (const topic of plan.topics.values()) {
    const info = await log.admin.describe(topic.name);
    if (info !== undefined) existing.set(topic.name, info);
  }
  await refuseMissingChangelogs(plan, log, existing);
  for (const topic of plan.topics.values()) {
    const info = existing.get(topic.name);
    if (info === undefined) continue;
    counts.set(topic.name, info.partitions);
    problems.push(...mismatches(topic, info, placeOf));
  }
  if (problems.length > 0) throw new ConfigError('TOPIC_MISMATCH', problems.join('\n'));
  for (const topic of plan.topics.values()) {
    if (existing.has(topic.name)) continue;
    const partitions = topic.partitions ?? defaultPartitions;
    const { name, cleanup, retention } = topic;
    const info = await log.admin.create({ name, partitions, cleanup, retention });
    counts.set(name, info.partitions);
  }
  return counts;
}

function mismatches(topic: TopicPlan, info: TopicInfo, placeOf: PlaceOfTopic): string[] {
  const at = (key: 'partitions' | 'cleanup'): string => {
    const place = placeOf(topic.name, key);
    return place === undefined ? '' : ` (${place})`;
  };
  const problems: string[] = [];
  if (topic.partitions !== undefined && topic.partitions !== info.partitions) {
    problems.push(
      `topic "${topic.name}" has ${info.partitions} partitions, but the topology needs ${topic.partitions}${at('partitions')}: ` +
        (topic.internal
          ? 'it belongs to another version of this topology; reset the application'
          : `write "partitions: ${info.partitions}", or create the topic anew`),
    );
  }
  const compacted = topic.cleanup === 'compact';
  if (compacted && info.cleanup !== 'compact') {
    problems.push(
      `topic "${topic.name}" has the clean-up policy "${info.cleanup}", but the topology reads it as a table${at('cleanup')}, which needs "compact": rows would be lost`,
    );
  }
  if (!compacted && info.cleanup === 'compact' && topic.role !== 'table') {
    problems.push(
      `topic "${topic.name}" is compacted, but the topology reads it as a stream${at('cleanup')}: records would be lost; write "cleanup: compact" if that is meant`,
    );
  }
  return problems;
}

async function refuseMissingChangelogs(
  plan: Plan,
  log: Log,
  existing: ReadonlyMap<string, TopicInfo>,
): Promise<void> {
  const missing = [...plan.topics.values()].filter(
    (topic) => topic.role === 'changelog' && !existing.has(topic.name),
  );
  if (missing.length === 0) return;
  for (const { sourceTopics, stores } of plan.subTopologies) {
    const needs = missing.filter((topic) =>
      stores.some((store) => plan.stores.get(store)?.changelog === topic.name),
    );
    if (needs.length === 0) continue;
    const partitions = sourceTopics.flatMap((topic) =>
      Array.from({ length: existing.get(topic)?.partitions ?? 0 }, (_, partition) => ({
        topic,
        partition,
      })),
    );
    const committed = await log.committed(plan.application, partitions);
    if (committed.length === 0) continue;
    throw new ConfigError(
      'CHANGELOG_MISSING',
      `the changelog ${needs.map((topic) => `"${topic.name}"`).join(', ')} is missing although application "${plan.application}" has committed positions: ` +
        'going on would start with empty stores; bring it back, or reset the application to read its input again',
    );
  }
}
