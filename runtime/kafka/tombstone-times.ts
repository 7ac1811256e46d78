import { topicConfigs } from './admin/topic-configs.ts';
import type { Asking } from './ask-leaders.ts';

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
    const keys = ['cleanup.policy', 'delete.retention.ms'];
    for (const [topic, configs] of await topicConfigs(this.asking, topics, keys)) {
      const values = new Map(configs.map(({ name, value }) => [name, value]));
      const compacted = values.get('cleanup.policy')?.includes('compact') === true;
      const keptMs = compacted ? Number(values.get('delete.retention.ms')) : undefined;
      this.answers.set(topic, { atMs, keptMs });
    }
  }
}
