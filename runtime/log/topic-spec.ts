import { ConfigError } from '../../topology/core/errors.ts';
import { topicPattern } from '../../topology/core/names.ts';
import type { TopicSpec } from '../ports.ts';

/**
 * Checks what a topic is to be.
 * @throws {ConfigError} TOPIC_SPEC naming the topic and what is wrong
 */
export function checkTopicSpec(topic: TopicSpec): void {
  const wrong = (what: string): ConfigError =>
    new ConfigError('TOPIC_SPEC', `topic "${topic.name}" ${what}`, {
      place: { topic: topic.name },
    });
  if (!topicPattern.test(topic.name) || topic.name === '.' || topic.name === '..') {
    throw wrong('has a name that Kafka does not allow: use letters, digits, ".", "_" and "-"');
  }
  if (!Number.isInteger(topic.partitions) || topic.partitions < 1) {
    throw wrong(`has ${topic.partitions} partitions: it needs a whole number of at least 1`);
  }
  const { retention } = topic;
  if (retention !== 'forever' && !(Number.isSafeInteger(retention) && retention >= 0)) {
    throw wrong(`has a retention of ${retention}: it needs milliseconds, or "forever"`);
  }
}
