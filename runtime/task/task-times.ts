/**
 * Times of a task: stream time, partition times, operators' stream times and due punctuations. One record in `<application>-control` holds them
 * (invariant E5). Rolled back with the batch that moved them.
 */
export interface TimesSnapshot {
  /** Largest record time that the task has taken, ms; −1 before the first. */
  readonly streamTime: number;
  /** Per source topic, largest record time taken. */
  readonly partitionTimes: Readonly<Record<string, number>>;
  /** Per stage that keeps one, its own stream time. */
  readonly operatorTimes: Readonly<Record<string, number>>;
  /** `stage.punctuation` → due time, ms; null: cancelled. */
  readonly dues: Readonly<Record<string, number | null>>;
  /** Call stage → sequence number of its next intent. */
  readonly sequences: Readonly<Record<string, number>>;
}

interface PartitionTime {
  readonly topic: string;
  time: number;
}

/** Name of a punctuation's due time in {@link TimesSnapshot.dues}. */
export function punctuationId(stage: string, name: string): string {
  return `${stage}.${name}`;
}

export class TaskTimes {
  streamTime = -1;
  /** Stream time from which a stream-time punctuation may be due: a bound that spares looking at each of them for every record. */
  streamDue = -1;
  private partitionTimes = new Map<string, PartitionTime>();
  /** The partition time written last: records come in runs of one topic. */
  private latest: PartitionTime | undefined;
  private operatorTimes = new Map<string, number>();
  private dues = new Map<string, number>();
  private sequences = new Map<string, number>();

  /** Takes note of a record of `topic` with this time. Times never go back. */
  observe(topic: string, time: number): void {
    if (time > this.streamTime) this.streamTime = time;
    let partition = this.latest;
    if (partition?.topic !== topic) {
      partition = this.partitionTimes.get(topic);
      if (partition === undefined) {
        partition = { topic, time };
        this.partitionTimes.set(topic, partition);
      }
      this.latest = partition;
    }
    if (time > partition.time) partition.time = time;
  }

  partitionTime(topic: string): number {
    return this.partitionTimes.get(topic)?.time ?? -1;
  }

  operatorTime(stage: string): number {
    return this.operatorTimes.get(stage) ?? -1;
  }

  setOperatorTime(stage: string, time: number): void {
    this.operatorTimes.set(stage, time);
  }

  due(punctuation: string): number | undefined {
    return this.dues.get(punctuation);
  }

  setDue(punctuation: string, time: number): void {
    this.dues.set(punctuation, time);
  }

  /** The next sequence number of a call stage's intents, from 0. */
  nextSequence(stage: string): number {
    const next = this.sequences.get(stage) ?? 0;
    this.sequences.set(stage, next + 1);
    return next;
  }

  snapshot(): TimesSnapshot {
    const dues: Record<string, number | null> = {};
    for (const [name, due] of this.dues) dues[name] = Number.isFinite(due) ? due : null;
    return {
      streamTime: this.streamTime,
      partitionTimes: Object.fromEntries(
        [...this.partitionTimes.values()].map(({ topic, time }) => [topic, time]),
      ),
      operatorTimes: Object.fromEntries(this.operatorTimes),
      dues,
      sequences: Object.fromEntries(this.sequences),
    };
  }

  restore(snapshot: TimesSnapshot): void {
    this.streamTime = snapshot.streamTime;
    this.partitionTimes = new Map(
      Object.entries(snapshot.partitionTimes).map(([topic, time]) => [topic, { topic, time }]),
    );
    this.latest = undefined;
    this.operatorTimes = new Map(Object.entries(snapshot.operatorTimes));
    this.dues = new Map(
      Object.entries(snapshot.dues).map(([name, due]) => [name, due ?? Number.POSITIVE_INFINITY]),
    );
    this.sequences = new Map(Object.entries(snapshot.sequences));
    this.streamDue = -1;
  }
}
