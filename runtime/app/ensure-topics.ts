import { ConfigError } from '../../topology/core/errors.ts';
import type { Plan, TopicPlan } from '../../topology/plan/plan.ts';
import type { Log, TopicInfo } from '../ports.ts';
import { hasRows } from './plans/undrained.ts';

/** Partitions of a topic that neither the file nor the log knows. */
const defaultPartitions = 1;

/**
 * Where a topology file speaks of a topic's key (`partitions`, `cleanup`), or of the topic itself
 * (`topic`): `orders.yaml:7:12`; undefined where it does not.
 */
export type PlaceOfTopic = (
  topic: string,
  key: 'topic' | 'partitions' | 'cleanup',
) => string | undefined;

/** What topics are verified against, beside the plan. */
export interface TopicExpectations {
  readonly placeOf?: PlaceOfTopic;
  /**
   * Stores of the plan that ran last, by name: a changelog of one of them must be there, and one of a new store must not hold anything. Undefined: no plan is
   * known; then it is an error that a changelog is missing although positions are committed.
   */
  readonly ran?: ReadonlySet<string>;
  /**
   * The log belongs to others, too: an input that the file only names is theirs, and a slip where it is
   * missing. One with `partitions` is the file's to create. @defaultValue false
   */
  readonly shared?: boolean;
}

/**
 * Creates the topics of a plan that are missing, and verifies those that are there (the check that
 * only the log can make). Returns the partition count of each.
 * @throws {ConfigError} TOPIC_MISMATCH where a topic is not what the file says, TOPIC_MISSING where it must be there;
 * CHANGELOG_MISSING where a changelog is gone though the
 *   application has committed positions or had its store; CHANGELOG_LEFT where a new store would find rows of an earlier version
 */
export async function ensureTopics(
  plan: Plan,
  log: Log,
  expectations: TopicExpectations = {},
): Promise<ReadonlyMap<string, number>> {
  const existing = await verifyTopics(plan, log, expectations);
  const counts = new Map([...existing].map(([name, { partitions }]) => [name, partitions]));
  for (const topic of plan.topics.values()) {
    if (existing.has(topic.name)) continue;
    const partitions = topic.partitions ?? defaultPartitions;
    const { name, cleanup, retention } = topic;
    const info = await log.admin.create({ name, partitions, cleanup, retention });
    counts.set(name, info.partitions);
  }
  return counts;
}

/**
 * The topics of a plan that are there, verified. Changes nothing.
 * @throws {ConfigError} like {@link ensureTopics}
 */
export async function verifyTopics(
  plan: Plan,
  log: Log,
  { placeOf = () => undefined, ran, shared = false }: TopicExpectations = {},
): Promise<ReadonlyMap<string, TopicInfo>> {
  const existing = new Map<string, TopicInfo>();
  for (const topic of plan.topics.values()) {
    const info = await log.admin.describe(topic.name);
    if (info !== undefined) existing.set(topic.name, info);
  }
  if (shared) refuseMissingTopics(plan, existing, placeOf);
  if (ran === undefined) await refuseMissingChangelogs(plan, log, existing);
  else await refuseOtherChangelogs(plan, log, { existing, ran });
  const problems = [...plan.topics.values()].flatMap((topic) => {
    const found = mismatches(plan.application, topic, existing.get(topic.name), placeOf);
    return found.map((problem) => `topic "${topic.name}" ${problem}`);
  });
  if (problems.length > 0) throw new ConfigError('TOPIC_MISMATCH', problems.join('\n'));
  return existing;
}

function refuseMissingTopics(
  plan: Plan,
  existing: ReadonlyMap<string, TopicInfo>,
  placeOf: PlaceOfTopic,
): void {
  const read = new Set([
    ...plan.subTopologies.flatMap(({ sourceTopics }) => sourceTopics),
    ...plan.globalTables.flatMap(({ source }) => source.topics),
  ]);
  const missing = [...plan.topics.values()].filter(
    ({ name, partitions }) => read.has(name) && partitions === undefined && !existing.has(name),
  );
  if (missing.length === 0) return;
  const lines = missing.map(({ name }) => {
    const place = placeOf(name, 'topic');
    return (
      `there is no topic "${name}"${place === undefined ? '' : ` (${place})`}: correct its name, create it, ` +
      'or write "partitions: N" for it to be created with so many'
    );
  });
  throw new ConfigError('TOPIC_MISSING', lines.join('\n'));
}

/** A changelog belongs to the state of a store: neither is there without the other. */
async function refuseOtherChangelogs(
  plan: Plan,
  log: Log,
  { existing, ran }: { existing: ReadonlyMap<string, TopicInfo>; ran: ReadonlySet<string> },
): Promise<void> {
  for (const { name, changelog, sourceBacked } of plan.stores.values()) {
    if (sourceBacked) continue;
    const info = existing.get(changelog);
    if (info === undefined && ran.has(name)) {
      throw changelogMissing(
        [changelog],
        plan.application,
        `had the store "${name}" when it ran last`,
      );
    }
    if (info === undefined || ran.has(name)) continue;
    const partitions = Array.from({ length: info.partitions }, (_, partition) => ({
      topic: changelog,
      partition,
    }));
    if (!(await hasRows(log, partitions))) continue;
    throw new ConfigError(
      'CHANGELOG_LEFT',
      `store "${name}" is new, but its changelog "${changelog}" holds rows that an earlier version of application "${plan.application}" left: ` +
        'they miss all that happened since. Delete that topic, give the store another name, or reset the application',
    );
  }
}

function changelogMissing(changelogs: readonly string[], application: string, why: string) {
  return new ConfigError(
    'CHANGELOG_MISSING',
    `the changelog ${changelogs.map((name) => `"${name}"`).join(', ')} is missing although application "${application}" ${why}: ` +
      'going on would start with empty stores; bring it back, or reset the application to read its input again',
  );
}

/**
 * What keeps a topic of an application from being used as the log has it (`info`; undefined: it is
 * not there), in words that follow its name: `has 2 partitions, but …`. Empty: nothing does.
 */
export function mismatches(
  application: string,
  topic: TopicPlan,
  info: TopicInfo | undefined,
  placeOf: PlaceOfTopic,
): string[] {
  if (info === undefined) return [];
  const at = (key: 'partitions' | 'cleanup'): string => {
    const place = placeOf(topic.name, key);
    return place === undefined ? '' : ` (${place})`;
  };
  const problems: string[] = [];
  if (topic.partitions !== undefined && topic.partitions !== info.partitions) {
    problems.push(
      `has ${info.partitions} partitions, but the topology needs ${topic.partitions}${at('partitions')}: ` +
        (topic.internal
          ? 'it belongs to another version of this topology; reset the application'
          : `write "partitions: ${info.partitions}", or create the topic anew`),
    );
  }
  const compacted = topic.cleanup === 'compact';
  if (compacted && info.cleanup !== 'compact') {
    const kept = topic.internal
      ? `but application "${application}" keeps a store in it`
      : `but the topology reads it as a table${at('cleanup')}`;
    const cure = topic.internal ? '; set cleanup.policy=compact, or delete it if it is empty' : '';
    problems.push(
      `has the clean-up policy "${info.cleanup}", ${kept}, which needs "compact": rows would be lost${cure}`,
    );
  }
  if (!compacted && info.cleanup === 'compact' && topic.role !== 'table') {
    problems.push(
      `is compacted, but the topology reads it as a stream${at('cleanup')}: records would be lost; write "cleanup: compact" if that is meant`,
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
    const names = needs.map((topic) => topic.name);
    throw changelogMissing(names, plan.application, 'has committed positions');
  }
}
