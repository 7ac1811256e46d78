import { ConfigError } from '../../topology/core/errors.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { Log, TopicInfo } from '../ports.ts';
import { type TopicExpectations, topicProblems } from './topic-problems.ts';

/** Partitions of a topic that neither the file nor the log knows. */
const defaultPartitions = 1;

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
 * @throws {ConfigError} like {@link ensureTopics}: of all that {@link topicProblems} finds, what has the code of the first
 */
export async function verifyTopics(
  plan: Plan,
  log: Log,
  expectations: TopicExpectations = {},
): Promise<ReadonlyMap<string, TopicInfo>> {
  const existing = await existingTopics(plan, log);
  const problems = await topicProblems(plan, log, existing, expectations);
  const [first] = problems;
  if (first === undefined) return existing;
  const same = problems.filter(({ code }) => code === first.code);
  const lines = same.map(({ topic, text }) => `topic "${topic}" ${text}`);
  throw new ConfigError(first.code, lines.join('\n'));
}

/** Those topics of a plan that are there. */
export async function existingTopics(
  plan: Plan,
  log: Log,
): Promise<ReadonlyMap<string, TopicInfo>> {
  const existing = new Map<string, TopicInfo>();
  for (const topic of plan.topics.values()) {
    const info = await log.admin.describe(topic.name);
    if (info !== undefined) existing.set(topic.name, info);
  }
  return existing;
}
