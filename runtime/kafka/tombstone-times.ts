import { anyNode, persist } from './admin/persist.ts';
import type { Asking } from './ask-leaders.ts';
import { refused } from './broker-error.ts';
import { call } from './client.ts';
import { codeOf } from './error-codes.ts';
import { describeConfigs } from './messages/describe-configs.ts';

/** `ConfigResource.Type.TOPIC` */
const topicResource = 2;
/** How long an answer is believed, ms: somebody may alter the topic. */
const believedMs = 10 * 60_000;

interface Answer {
  readonly atMs: number;
  readonly keptMs: number | undefined;
}

/** How long compacted topics keep tombstones (`delete.retention.ms`). Kafka does not say which it has taken away. */
export class TombstoneTimes {
  private readonly asking: Asking;
  private readonly answers = new Map<string, Answer>();

  constructor(asking: Asking) {
    this.asking = asking;
  }

  /**
   * ms by topic; a topic that is not compacted, or not there, is absent.
   * @throws {ConfigError} KAFKA_RIGHTS
   */
  async of(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const nowMs = this.asking.clock.monotonic();
    const asked = topics.filter((topic) => {
      const known = this.answers.get(topic);
      return known === undefined || nowMs - known.atMs >= believedMs;
    });
    if (asked.length > 0) await this.ask(asked, nowMs);
    return new Map(
      topics.flatMap((topic) => {
        const keptMs = this.answers.get(topic)?.keptMs;
        return keptMs === undefined ? [] : [[topic, keptMs] as const];
      }),
    );
  }

  private async ask(topics: readonly string[], atMs: number): Promise<void> {
    const { asking } = this;
    const { results } = await persist(asking, 'describe topics', async () =>
      call(asking.wire, await anyNode(asking), describeConfigs, {
        resources: topics.map((resourceName) => ({
          resourceType: topicResource,
          resourceName,
          configurationKeys: ['cleanup.policy', 'delete.retention.ms'],
        })),
        includeSynonyms: false,
        includeDocumentation: false,
      }),
    );
    for (const { resourceName: topic, errorCode, errorMessage: said, configs } of results) {
      if (codeOf(errorCode).name === 'UNKNOWN_TOPIC_OR_PARTITION') continue;
      if (errorCode !== 0) {
        const right = `DescribeConfigs on topic "${topic}"`;
        throw refused(errorCode, `describe topic "${topic}"`, { topic, said, right });
      }
      const values = new Map(configs.map(({ name, value }) => [name, value]));
      const compacted = values.get('cleanup.policy')?.includes('compact') === true;
      const keptMs = compacted ? Number(values.get('delete.retention.ms')) : undefined;
      this.answers.set(topic, { atMs, keptMs });
    }
  }
}
