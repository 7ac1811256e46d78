import type { FetchedPartition, Log, Position } from '../ports.ts';
import { partitionId } from '../../topology/core/topic-partition.ts';
import type { PartitionQueue } from '../task/partition-queue.ts';
import { positionBelowStart } from './position-errors.ts';

/** Longest wait for records of another process before looking again, ms. */
const maxWaitMs = 1000;
/** Bytes of one partition in one fetch. */
const partitionBytes = 1024 * 1024;

/** A queue, and the position from which a fetch was asked for. */
interface Asked {
  readonly queue: PartitionQueue;
  readonly offset: number;
}

/**
 * Keeps the queues of a member's tasks filled: one fetch at a time, for every queue that runs low. Back-pressure is not fetching. When the log has nothing more,
 * it waits for new records.
 */
export class Fetcher {
  private readonly log: Log;
  private readonly fetchBytes: number;
  private readonly wake: () => void;
  private readonly fail: (error: unknown) => void;
  private queues: readonly PartitionQueue[] = [];
  private readonly byId = new Map<string, PartitionQueue>();
  private waiting: AbortController | undefined;
  /** What is waited for: a queue that was full or paused then has to be waited for, too. */
  private awaited: readonly PartitionQueue[] = [];
  /** True while a fetch is under way. */
  busy = false;
  /** Number of the last fetch, and of the last one that brought something. */
  private round = 0;
  private broughtIn = 0;
  /** Number of the last fetch that each queue was in. */
  private readonly triedIn = new WeakMap<PartitionQueue, number>();
  /** Records may have come since the last fetch. */
  private stale = true;
  private closed = false;

  constructor(
    log: Log,
    fetchBytes: number,
    callbacks: { wake: () => void; fail: (error: unknown) => void },
  ) {
    this.log = log;
    this.fetchBytes = fetchBytes;
    this.wake = callbacks.wake;
    this.fail = callbacks.fail;
  }

  /** Replaces the queues to fill (an assignment). What is under way for those that stay is theirs. */
  assign(queues: readonly PartitionQueue[]): void {
    this.queues = queues;
    this.byId.clear();
    for (const queue of queues) this.byId.set(partitionId(queue.topic, queue.partition), queue);
    this.rewound();
    // The wait that was given up wakes nobody, and for the queues that stay nobody waits.
    this.wake();
  }

  /** Positions moved back: what is under way is not for those any more, and records may be at hand. */
  rewound(): void {
    this.stale = true;
    this.waiting?.abort();
    this.waiting = undefined;
  }

  /** Starts what is due: a fetch, or waiting for records. */
  step(): void {
    if (this.busy || this.closed || this.queues.length === 0) return;
    const low = this.fetchBytes / Math.max(1, this.queues.length) / 2;
    const hungry = this.queues.filter((queue) => !queue.paused && queue.bufferedBytes < low);
    if (hungry.length === 0) return;
    if (this.stale || hungry.some((queue) => this.mayHaveMore(queue))) {
      this.fetch(hungry);
    } else if (this.waiting === undefined || !hungry.every((it) => this.awaited.includes(it))) {
      this.waiting?.abort();
      this.await(hungry);
    }
  }

  close(): void {
    this.closed = true;
    this.waiting?.abort();
  }

  private fetch(queues: readonly PartitionQueue[]): void {
    this.busy = true;
    this.stale = false;
    this.round++;
    for (const queue of queues) this.triedIn.set(queue, this.round);
    const asked = queues.map((queue) => ({ queue, offset: queue.fetchPosition }));
    const perPartition = Math.min(partitionBytes, Math.ceil(this.fetchBytes / queues.length));
    this.log
      .fetch(positionsOf(queues), {
        maxBytes: this.fetchBytes,
        maxBytesPerPartition: perPartition,
      })
      .then((fetched) => {
        this.busy = false;
        if (!this.closed) this.deliver(asked, fetched);
        this.wake();
      })
      .catch((error: unknown) => {
        this.busy = false;
        if (!this.closed) this.fail(error);
      });
  }

  private deliver(asked: readonly Asked[], fetched: readonly FetchedPartition[]): void {
    for (const found of fetched) {
      const { topic, partition, startOffset } = found;
      const queue = this.byId.get(partitionId(topic, partition));
      // A queue that left, or moved back, or came in the place of another: this is not what it goes on with.
      const offset = asked.find((it) => it.queue === queue)?.offset;
      if (queue === undefined || offset !== queue.fetchPosition) continue;
      if (offset < startOffset) throw positionBelowStart({ topic, partition, offset }, startOffset);
      queue.add(found, this.round);
      if (found.batches.length > 0) this.broughtIn = this.round;
    }
  }

  /** Nobody looked since others got records: some may have come to this one before them (E7). */
  private mayHaveMore(queue: PartitionQueue): boolean {
    return queue.lag !== 0 || (this.triedIn.get(queue) ?? 0) < this.broughtIn;
  }

  private await(queues: readonly PartitionQueue[]): void {
    const abort = new AbortController();
    this.waiting = abort;
    this.awaited = queues;
    this.log
      .awaitRecords(positionsOf(queues), maxWaitMs, abort.signal)
      .then(() => {
        if (this.waiting !== abort) return;
        this.waiting = undefined;
        this.stale = true;
        this.wake();
      })
      .catch((error: unknown) => {
        if (!this.closed && this.waiting === abort) this.fail(error);
      });
  }
}

function positionsOf(queues: readonly PartitionQueue[]): Position[] {
  return queues.map(({ topic, partition, fetchPosition }) => ({
    topic,
    partition,
    offset: fetchPosition,
  }));
}
