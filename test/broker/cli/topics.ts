import type { Admin } from 'kafkajs';
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
      admin.createTopics({ topics: [{ topic, numPartitions, configEntries }] }),
    );
  }

  async remove(topic: string): Promise<void> {
    await this.admin((admin) => admin.deleteTopics({ topics: [topic] }));
  }

  /** Writes words into the input of a project, each with itself as key. */
  async say({ name }: KafkaProject, ...words: readonly string[]): Promise<void> {
    const producer = kafkaJs(this.brokers).producer();
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
