/**
 * Which record comes next (invariant E7): among a task's input partitions the one whose head record has the smallest time, as far as data is at hand.
 * Semantics: Kafka Streams `PartitionGroup`, KIP-695. Pure: time is an argument.
 */

/** One input partition, as far as choosing is concerned. */
export interface PartitionHead {
  /** Time of the first buffered record, ms; undefined when nothing is buffered. */
  headTime(): number | undefined;
  /** Records that the log still has beyond the buffer, as of {@link askedIn}; undefined: not known yet. */
  readonly lag: number | undefined;
  /** The last fetch that the log answered for this partition. Fetches are numbered upwards, over all partitions. */
  readonly askedIn: number;
  /** The fetch that brought the last of what is buffered. */
  readonly filledIn: number;
  /** Not to be read at present (back-pressure of a call); as if it had nothing and never would. */
  readonly paused: boolean;
  /** Schema id that the head waits for: there is a record, but its time is not known yet. */
  readonly pendingSchema: number | undefined;
}

/** Deadline of a partition that was waited for long enough: nobody has to wake up for it. */
const waitedOut = Number.NEGATIVE_INFINITY;

/** -1: never wait for an empty partition. */
export const neverIdle = -1;

export class PartitionGroup<P extends PartitionHead> {
  private readonly partitions: readonly P[];
  private readonly maxTaskIdleMs: number;
  /** Partition → when waiting for it ends, ms; {@link waitedOut} once {@link ready} has seen that it did. */
  private readonly deadlines = new Map<P, number>();

  constructor(partitions: readonly P[], maxTaskIdleMs: number) {
    this.partitions = partitions;
    this.maxTaskIdleMs = maxTaskIdleMs;
  }

  /**
   * Whether the task may process now. With data in all partitions: yes. With an empty one: no while the log is known (or not known not) to have more of it;
   * when caught up, only after `maxTaskIdleMs` of waiting (wall clock `nowMs`). With one whose head waits for a schema: no, as that record may be the next.
   *
   * What was known of an empty partition before the others' records were fetched does not count: what was written to it before them may have come since.
   */
  ready(nowMs: number): boolean {
    let buffered = false;
    let blocked = false;
    for (const partition of this.partitions) {
      if (partition.paused) {
        this.deadlines.delete(partition);
      } else if (partition.headTime() !== undefined) {
        buffered = true;
        this.deadlines.delete(partition);
      } else if (partition.pendingSchema !== undefined) {
        blocked = true;
        this.deadlines.delete(partition);
      } else if (this.maxTaskIdleMs !== neverIdle) {
        blocked = this.mustWaitFor(partition, nowMs) || blocked;
      }
    }
    return buffered && !blocked;
  }

  /** When waiting for caught-up partitions ends, ms; undefined when nothing is waited for by time. */
  idleUntil(): number | undefined {
    let until: number | undefined;
    for (const deadline of this.deadlines.values()) {
      if (deadline === waitedOut) continue;
      if (until === undefined || deadline > until) until = deadline;
    }
    return until;
  }

  /** The partition to take from: smallest head time, the earlier declared one on a tie; undefined if all are empty. */
  next(): P | undefined {
    let best: P | undefined;
    let bestTime = Number.POSITIVE_INFINITY;
    for (const partition of this.partitions) {
      if (partition.paused) continue;
      const time = partition.headTime();
      if (time !== undefined && time < bestTime) {
        best = partition;
        bestTime = time;
      }
    }
    return best;
  }

  /** The latest fetch that brought something that is still to be taken; 0: nothing is. */
  private newestFill(): number {
    let newest = 0;
    for (const partition of this.partitions) {
      if (partition.paused || partition.headTime() === undefined) continue;
      newest = Math.max(newest, partition.filledIn);
    }
    return newest;
  }

  private mustWaitFor(partition: P, nowMs: number): boolean {
    if (partition.lag !== 0 || partition.askedIn < this.newestFill()) {
      this.deadlines.delete(partition);
      return true;
    }
    // Never later than from now on: the wall clock may have gone back.
    const latest = nowMs + this.maxTaskIdleMs;
    const deadline = Math.min(this.deadlines.get(partition) ?? latest, latest);
    const waits = nowMs < deadline;
    this.deadlines.set(partition, waits ? deadline : waitedOut);
    return waits;
  }
}
