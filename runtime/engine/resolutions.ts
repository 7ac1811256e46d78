import { resolutionsTopic } from '../../topology/core/names.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { decodeResolution, type Resolution } from '../calls/resolution.ts';
import type { FetchedPartition, Log, Position } from '../ports.ts';
import { chunkRecords, readTo, type ReadRecord } from './changelog-reader.ts';

/** Longest wait for records of another process before looking again, ms. */
const maxWaitMs = 1000;
const fetchLimits = { maxBytes: 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };

export interface ResolutionsOptions {
  readonly log: Log;
  readonly plan: Pick<Plan, 'application' | 'calls'>;
  /** Told of each resolution that arrives after {@link Resolutions.start}. */
  readonly arrived: (resolution: Resolution) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * What people decided about calls, as every member reads it, from the beginning of the topic. That is safe to do again and again: a resolution names one
 * call, and what ends a call, once, is the transaction that takes its journal entry.
 */
export class Resolutions {
  private readonly options: ResolutionsOptions;
  private readonly byCall = new Map<string, Resolution>();
  private readonly ended = new AbortController();
  private fetching = false;

  constructor(options: ResolutionsOptions) {
    this.options = options;
  }

  /** True while records are fetched. */
  get busy(): boolean {
    return this.fetching;
  }

  /** The decision about a call; undefined: there is none. */
  of(call: string): Resolution | undefined {
    return this.byCall.get(call);
  }

  /** Reads what is there, then follows the topic until {@link close}. */
  async start(): Promise<void> {
    const { log, plan } = this.options;
    if (plan.calls.size === 0) return;
    const topic = resolutionsTopic(plan.application);
    const [ends] = await log.ends([{ topic, partition: 0 }], 'committed');
    const { start = 0, end = 0 } = ends ?? {};
    const from = { topic, partition: 0, offset: start };
    await readTo(log, from, end, (records) => void this.take(records), this.ended.signal);
    this.follow({ ...from, offset: Math.max(start, end) }).catch((error: unknown) => {
      if (!this.ended.signal.aborted) this.options.failed(error);
    });
  }

  close(): void {
    this.ended.abort();
  }

  private take(records: readonly ReadRecord[]): readonly Resolution[] {
    const taken = records.flatMap(({ value }) => decodeResolution(value) ?? []);
    for (const resolution of taken) this.byCall.set(resolution.call, resolution);
    return taken;
  }

  private async follow(from: Position): Promise<void> {
    const { log, arrived } = this.options;
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
      for (const resolution of this.take(records)) arrived(resolution);
    }
  }
}
