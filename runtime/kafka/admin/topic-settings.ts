import { isControlTopic } from '../../../topology/core/names.ts';
import type { TopicSpec } from '../../ports.ts';
import type { Asking } from '../ask-leaders.ts';
import { refused } from '../broker-error.ts';
import { call } from '../client.ts';
import { incrementalAlterConfigs } from '../messages/incremental-alter-configs.ts';
import { anyNode, persist } from './persist.ts';
import { topicConfigs, topicResource } from './topic-configs.ts';
import type { TopicConfigs } from './topic-configs.ts';

/** What a topic keeps, and how long. */
export type TopicSettings = Pick<TopicSpec, 'cleanup' | 'retention'>;

/** Tombstones of compacted topics stay so long after compaction has come by, ms: members that are away less need no rebuild (design.md 6). */
const deleteRetentionMs = 7 * 24 * 3_600_000;

/** Segments of compacted topics (Kafka Streams' figure): the newest one, by default of 1 GiB, is never compacted, and whoever restores reads all of it. */
const compactedSegmentBytes = 50 * 1024 * 1024;
/** Those of a control topic, which has few keys: each start of a member reads it whole. */
const controlSegmentBytes = 10 * 1024 * 1024;

/** `DescribeConfigsResponse.ConfigSource.TOPIC_CONFIG`: set on the topic itself. */
const ownSource = 1;
/** `AlterConfigOp.OpType.SET` */
const setOperation = 0;

/** Kafka's settings for what is asked for; what is not given stays out. */
export function kafkaSettings(settings: Partial<TopicSettings>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const { cleanup, retention } = settings;
  if (cleanup !== undefined) found.set('cleanup.policy', cleanup);
  if (cleanup === 'compact') found.set('delete.retention.ms', String(deleteRetentionMs));
  if (retention !== undefined) {
    found.set('retention.ms', retention === 'forever' ? '-1' : String(retention));
  }
  return found;
}

/** Settings of a new topic: nothing but `retention` takes records away, record times are taken as they are, and compaction comes by often. */
export function settingsOfNew(
  topic: TopicSettings & Pick<TopicSpec, 'name'>,
): ReadonlyMap<string, string> {
  const segmentBytes = isControlTopic(topic.name) ? controlSegmentBytes : compactedSegmentBytes;
  const compacted: [string, string][] =
    topic.cleanup === 'compact' ? [['segment.bytes', String(segmentBytes)]] : [];
  return new Map([
    ...kafkaSettings(topic),
    ...compacted,
    ['retention.bytes', '-1'],
    ['message.timestamp.type', 'CreateTime'],
    // A dead letter has the time of its record, also one from the far future (E5).
    ['message.timestamp.after.max.ms', String(2n ** 63n - 1n)],
  ]);
}

/**
 * Kafka's settings as the log port has them. A topic that both compacts and deletes counts as one that deletes. The
 * retention of a compacted topic is the one that was given to it, else it has none.
 */
export function settingsOf(configs: TopicConfigs): TopicSettings {
  const byName = new Map(configs.map((it) => [it.name, it]));
  const policies = byName.get('cleanup.policy')?.value?.split(',') ?? [];
  const cleanup = policies.length === 1 && policies[0]?.trim() === 'compact' ? 'compact' : 'delete';
  const retention = byName.get('retention.ms');
  const ms = Number(retention?.value ?? -1);
  const forever = ms < 0 || (cleanup === 'compact' && retention?.configSource !== ownSource);
  return { cleanup, retention: forever ? 'forever' : ms };
}

/**
 * Settings of topics by name; one that is not there is absent.
 * @throws {ConfigError} KAFKA_RIGHTS
 */
export async function readSettings(
  asking: Asking,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicSettings>> {
  const found = await topicConfigs(asking, topics, ['cleanup.policy', 'retention.ms']);
  return new Map([...found].map(([topic, configs]) => [topic, settingsOf(configs)]));
}

/**
 * Sets some of a topic's settings.
 * @throws {ConfigError} KAFKA_REFUSED, KAFKA_RIGHTS
 */
export async function writeSettings(
  asking: Asking,
  topic: string,
  settings: ReadonlyMap<string, string>,
): Promise<void> {
  const what = `alter topic "${topic}"`;
  await persist(asking, what, async () => {
    const { responses } = await call(asking.wire, await anyNode(asking), incrementalAlterConfigs, {
      resources: [
        {
          resourceType: topicResource,
          resourceName: topic,
          configs: [...settings].map(([name, value]) => ({
            name,
            configOperation: setOperation,
            value,
          })),
        },
      ],
      validateOnly: false,
    });
    for (const { errorCode, errorMessage: said } of responses) {
      const right = `AlterConfigs on topic "${topic}"`;
      if (errorCode !== 0) throw refused(errorCode, what, { topic, said, right });
    }
  });
}
