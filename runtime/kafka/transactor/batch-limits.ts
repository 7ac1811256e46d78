/** Largest batch that a topic is taken to accept, bytes: below Kafka's default of `max.message.bytes`, 1,048,588. */
const usualBytes = 1_000_000;

/** How large batches of each topic may be, as far as is known: a broker tells only by refusing one. */
export class BatchLimits {
  private readonly known = new Map<string, number>();

  of(topic: string): number {
    return this.known.get(topic) ?? usualBytes;
  }

  /** A batch of so many bytes was too large: the next ones are half as large. */
  lower(topic: string, bytes: number): void {
    this.known.set(topic, Math.ceil(Math.min(bytes, this.of(topic)) / 2));
  }
}
