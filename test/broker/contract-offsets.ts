import { partitionId } from '../../topology/core/topic-partition.ts';
import type { TopicPartition } from '../../topology/core/topic-partition.ts';

interface Known {
  /** Physical offset of each committed record. */
  readonly records: number[];
  end: number;
  markers: number;
}

/** Translates offsets of a partition, markers and aborted records included, to numbers of committed records, and back. */
export class ContractOffsets {
  private readonly partitions = new Map<string, Known>();

  /** Records were committed at this offset; gives the number of the first. */
  learn(partition: TopicPartition, offset: number, records: number): number {
    const known = this.known(partition);
    const first = known.records.length;
    for (let i = 0; i < records; i++) known.records.push(offset + i);
    return first;
  }

  /** After a commit, its markers included, the partition ends here. */
  end(partition: TopicPartition, end: number, markers: number): void {
    const known = this.known(partition);
    if (end > known.end) known.markers += markers;
    known.end = end;
  }

  markers(partition: TopicPartition): number {
    return this.known(partition).markers;
  }

  /** Offset of the record of this number; beyond the last one, as far beyond the end. */
  physical(partition: TopicPartition, number: number): number {
    const { records, end } = this.known(partition);
    return records[number] ?? end + number - records.length;
  }

  /** Number of committed records before an offset. */
  count(partition: TopicPartition, offset: number): number {
    const { records, end } = this.known(partition);
    if (offset > end) return records.length + offset - end;
    const first = records.findIndex((record) => record >= offset);
    return first < 0 ? records.length : first;
  }

  forget(topic: string): void {
    for (const id of this.partitions.keys()) {
      if (id.slice(0, id.lastIndexOf('-')) === topic) this.partitions.delete(id);
    }
  }

  private known({ topic, partition }: TopicPartition): Known {
    const id = partitionId(topic, partition);
    const known = this.partitions.get(id) ?? { records: [], end: 0, markers: 0 };
    this.partitions.set(id, known);
    return known;
  }
}
