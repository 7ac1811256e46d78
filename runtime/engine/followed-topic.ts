import type { FetchedPartition, Log, Position } from '../ports.ts';
import { chunkRecords, readTo, type ReadRecord } from './changelog-reader.ts';

/** Longest wait for records of another process before looking again, ms. */
const maxWaitMs = 1000;
const fetchLimits = { maxBytes: 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };

export interface FollowedTopicOptions {
  readonly log: Log;
  readonly topic: string;
  /** Told of the records in order: those that are there before {@link FollowedTopic.start} resolves. */
  readonly take: (records: readonly ReadRecord[]) => void;
  readonly failed: (error: unknown) => void;
}

/** A topic of one partition that is read from its beginning, and then followed. */
export class FollowedTopic {
  private readonly options: FollowedTopicOptions;
  private readonly ended = new AbortController();
  private fetching = false;

  constructor(options: FollowedTopicOptions) {
    this.options = options;
  }

  /** True while records are fetched. */
  get busy(): boolean {
    return this.fetching;
  }

  /** Reads what is there, then follows the topic until {@link close}. */
  async start(): Promise<void> {
    const { log, topic, take, failed } = this.options;
    const [ends] = await log.ends([{ topic, partition: 0 }], 'committed');
    const { start = 0, end = 0 } = ends ?? {};
    const from = { topic, partition: 0, offset: start };
    await readTo(log, from, end, take, this.ended.signal);
    this.follow({ ...from, offset: Math.max(start, end) }).catch((error: unknown) => {
      if (!this.ended.signal.aborted) failed(error);
    });
  }

  close(): void {
    this.ended.abort();
  }

  private async follow(from: Position): Promise<void> {
    const { log, take } = this.options;
    const { signal } = this.ended;
    let at = from;
    while (!signal.aborted) {
      await log.awaitRecords([at], maxWaitMs, signal);
      this.fetching = true;
      let fetched: FetchedPartition | undefined;
      try {
        [fetched] = await log.fetch([at], fetchLimits);
      } finally {
        this.fetching = false;
      }
      if (signal.aborted || fetched === undefined) continue;
      const records = chunkRecords(fetched, at.offset, fetched.nextOffset);
      at = { ...at, offset: Math.max(at.offset, fetched.nextOffset) };
      take(records);
    }
  }
}
