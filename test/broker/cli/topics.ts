import type { Admin } from 'kafkajs';
import { eventually } from '../eventually.ts';
import { kafkaJs } from '../kafkajs-client.ts';
import type { KafkaProject } from './kafka-project.ts';

/** Topics of projects, as an operator and other programs see them. */
export class Topics {
  private readonly brokers: readonly string[];

  constructor(brokers: readonly string[]) {
    this.brokers = brokers;
  }

  async create(
    topic: string,
    numPartitions: number,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await this.admin((admin) =>
      admin.createTopics({
        topics: [{ topic, numPartitions, configEntries }],
        waitForLeaders: true,
      }),
    );
  }

  async remove(topic: string): Promise<void> {
    await this.admin((admin) => admin.deleteTopics({ topics: [topic] }));
  }

  /** Creates a topic whose namesake was removed a moment ago, as soon as the brokers let it. */
  async createAnew(topic: string, partitions: number): Promise<void> {
    await eventually('it is made anew', () =>
      this.create(topic, partitions).then(
        () => true,
        () => undefined,
      ),
    );
  }

  /** Writes words into the input of a project, each once, with itself as key. */
  async say({ name }: Pick<KafkaProject, 'name'>, ...words: readonly string[]): Promise<void> {
    const producer = kafkaJs(this.brokers).producer({ idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    const messages = words.map((word) => ({ key: word, value: word }));
    await producer.send({ topic: `${name}-said`, messages });
    await producer.disconnect();
  }

  async admin<T>(action: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = kafkaJs(this.brokers).admin();
    await admin.connect();
    try {
      return await action(admin);
    } finally {
      await admin.disconnect();
    }
  }
}
