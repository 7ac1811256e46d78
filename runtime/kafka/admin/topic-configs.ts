import type { Asking } from '../ask-leaders.ts';
import { refused } from '../broker-error.ts';
import { call } from '../client.ts';
import { codeOf } from '../error-codes.ts';
import { describeConfigs } from '../messages/describe-configs.ts';
import type { ResponseOf } from '../protocol/api.ts';
import { anyNode, persist } from './persist.ts';

/** `ConfigResource.Type.TOPIC` */
export const topicResource = 2;

/** Settings of a topic as the broker gives them. */
export type TopicConfigs = ResponseOf<typeof describeConfigs>['results'][number]['configs'];

/**
 * The settings with these names, by topic; a topic that is not there is absent.
 * @throws {ConfigError} KAFKA_RIGHTS
 */
export async function topicConfigs(
  asking: Asking,
  topics: readonly string[],
  configurationKeys: readonly string[],
): Promise<ReadonlyMap<string, TopicConfigs>> {
  if (topics.length === 0) return new Map();
  const { results } = await persist(asking, 'describe topics', async () =>
    call(asking.wire, await anyNode(asking), describeConfigs, {
      resources: topics.map((resourceName) => ({
        resourceType: topicResource,
        resourceName,
        configurationKeys,
      })),
      includeSynonyms: false,
      includeDocumentation: false,
    }),
  );
  const found = new Map<string, TopicConfigs>();
  for (const { resourceName: topic, errorCode, errorMessage: said, configs } of results) {
    if (errorCode === 0) found.set(topic, configs);
    else if (codeOf(errorCode).name !== 'UNKNOWN_TOPIC_OR_PARTITION') {
      const right = `DescribeConfigs on topic "${topic}"`;
      throw refused(errorCode, `describe topic "${topic}"`, { topic, said, right });
    }
  }
  return found;
}
