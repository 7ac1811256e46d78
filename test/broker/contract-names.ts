import type { TopicPartition } from '../../topology/core/topic-partition.ts';

/** Names of topics and groups of one test in a cluster that has others, too. */
export class ContractNames {
  private readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = `${prefix}.`;
  }

  has(name: string): boolean {
    return name.startsWith(this.prefix);
  }

  /** Names that are invalid because they are short stay so. */
  full(name: string): string {
    return name === '..' || name === '.' ? name : this.prefix + name;
  }

  short(name: string): string {
    return this.has(name) ? name.slice(this.prefix.length) : name;
  }

  fullOf({ topic, partition }: TopicPartition): TopicPartition {
    return { topic: this.full(topic), partition };
  }

  plain({ topic, partition }: TopicPartition): TopicPartition {
    return { topic: this.short(topic), partition };
  }

  /** Takes the prefix out of messages of errors. */
  async explain<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (error instanceof Error) error.message = error.message.replaceAll(this.prefix, '');
      throw error;
    }
  }
}
