/** Sequence numbers wrap here (Kafka `DefaultRecordBatch.incrementSequence`). */
const modulus = 2 ** 31;

/** Sequence numbers of a producer, by partition. */
export class Sequences {
  private readonly next = new Map<string, number>();

  /** The sequence number of the first of so many records. */
  take(partition: string, records: number): number {
    const first = this.next.get(partition) ?? 0;
    this.next.set(partition, (first + records) % modulus);
    return first;
  }

  /** A new epoch begins at 0 again. */
  reset(): void {
    this.next.clear();
  }
}
