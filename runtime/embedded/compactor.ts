import { batchLastOffset } from '../codec/batch-header.ts';
import { RecordBatchReader } from '../codec/batch-reader.ts';
import {
  addCleanPoint,
  compactBatch,
  needsCompaction,
  noteKeys,
  tombstoneHorizon,
} from '../log/compaction.ts';
import type { CleanPoint, CompactionOptions, LatestOffsets } from '../log/compaction.ts';
import { firstKey } from './batches.ts';
import { storedJson } from './environment.ts';
import type { Environment } from './environment.ts';
import { batchKey, offsetOf, partitionKey } from './keys.ts';
import { stepBatches, stepBytes } from './pruning.ts';
import type { Topics } from './topics.ts';

/** Keys that one pass holds in memory, about 100 bytes each; a pass with more ends earlier. */
const maxKeys = 250_000;

/** What is known of earlier passes over a partition. */
export interface Cleaning {
  /** Everything below was in a pass. */
  readonly cleanedTo: number;
  readonly points: readonly CleanPoint[];
  /** Tombstones before this offset were removed. Absent: none were yet. */
  readonly tombstonesFrom?: number;
}

interface Pass {
  readonly topic: string;
  readonly id: number;
  readonly partition: number;
  readonly before: Cleaning;
  readonly latest: LatestOffsets;
  readonly horizon: number;
  /** Where the pass ends. */
  to: number;
  notedBytes: number;
  phase: 'note' | 'rewrite';
  /** Offset from which the present phase goes on. */
  at: number;
}

/** What earlier passes over a partition left behind. */
export function cleaningOf(environment: Environment, id: number, partition: number): Cleaning {
  const bytes = environment.get(partitionKey('cleaning', id, partition));
  return bytes === undefined
    ? { cleanedTo: 0, points: [] }
    : (storedJson(environment.path, bytes) as Cleaning);
}

/**
 * Compacts partitions in small steps, one pass at a time. A pass notes the last offset of each key
 * in what no pass has seen, then rewrites all batches up to there. It is kept in memory only: after
 * a crash the partition is due again, and rewriting twice does no harm.
 */
export class Compactor {
  private readonly environment: Environment;
  private readonly topics: Topics;
  private readonly options: CompactionOptions;
  private readonly reader = new RecordBatchReader();
  private pass: Pass | undefined;

  constructor(environment: Environment, topics: Topics, options: CompactionOptions) {
    this.environment = environment;
    this.topics = topics;
    this.options = options;
  }

  /** Does one step. False: no partition is due. */
  step(nowMs: number): boolean {
    this.pass ??= this.nextPass(nowMs);
    if (this.pass === undefined) return false;
    if (this.pass.phase === 'note') this.note(this.pass);
    else this.environment.write(() => this.rewrite(this.pass as Pass, nowMs));
    return true;
  }

  private nextPass(nowMs: number): Pass | undefined {
    for (const topic of this.topics.all()) {
      if (topic.cleanup !== 'compact') continue;
      for (let partition = 0; partition < topic.partitions; partition++) {
        const state = this.topics.state(topic.id, partition);
        if (state === undefined) continue;
        const before = cleaningOf(this.environment, topic.id, partition);
        const horizon = tombstoneHorizon(before.points, nowMs, this.options.deleteRetentionMs);
        const due = needsCompaction(state.dirtyBytes, state.bytes, this.options);
        if (!due && horizon === 0) continue;
        return {
          topic: topic.name,
          id: topic.id,
          partition,
          before,
          latest: new Map(),
          horizon,
          to: state.end,
          notedBytes: 0,
          phase: 'note',
          at: Math.max(before.cleanedTo, state.start),
        };
      }
    }
    return undefined;
  }

  private note(pass: Pass): void {
    let batches = 0;
    let bytes = 0;
    const start = firstKey(this.environment, pass.id, pass.partition, pass.at);
    const end = batchKey(pass.id, pass.partition, pass.to);
    for (const { value } of this.environment.range(start, end)) {
      if (batchLastOffset(value) < pass.at) continue;
      if (batches >= stepBatches || bytes >= stepBytes) return;
      noteKeys(value, pass.latest, this.reader);
      batches++;
      bytes += value.length;
      pass.notedBytes += value.length;
      pass.at = batchLastOffset(value) + 1;
      if (pass.latest.size >= maxKeys) {
        pass.to = pass.at;
        break;
      }
    }
    pass.phase = 'rewrite';
    pass.at = 0;
  }

  private rewrite(pass: Pass, nowMs: number): void {
    const { id, partition } = pass;
    const state = this.topics.state(id, partition);
    const topic = this.topics.find(pass.topic);
    if (state === undefined || topic?.id !== id || topic.cleanup !== 'compact') {
      // Deleted or altered since the pass began.
      this.pass = undefined;
      return;
    }
    const changes: { key: Buffer; kept: Buffer | undefined; freed: number }[] = [];
    let batches = 0;
    let bytes = 0;
    let done = true;
    const start = batchKey(id, partition, pass.at);
    for (const { key, value } of this.environment.range(start, batchKey(id, partition, pass.to))) {
      if (batches >= stepBatches || bytes >= stepBytes) {
        pass.at = offsetOf(key);
        done = false;
        break;
      }
      batches++;
      bytes += value.length;
      const kept = compactBatch(value, pass.latest, pass.horizon);
      if (kept !== value) changes.push({ key, kept, freed: value.length - (kept?.length ?? 0) });
    }
    for (const { key, kept, freed } of changes) {
      if (kept === undefined) this.environment.remove(key);
      else this.environment.put(key, kept);
      state.bytes -= freed;
    }
    if (done) {
      // Another process may have finished a pass meanwhile: then the account is its own.
      if (cleaningOf(this.environment, id, partition).cleanedTo === pass.before.cleanedTo) {
        state.dirtyBytes -= pass.notedBytes;
        this.storeCleaning(pass, nowMs);
      }
      this.pass = undefined;
    }
    state.dirtyBytes = Math.max(0, Math.min(state.dirtyBytes, state.bytes));
    this.topics.storeState(id, partition, state);
  }

  private storeCleaning({ id, partition, before, horizon, to }: Pass, nowMs: number): void {
    const cleaning: Cleaning = {
      cleanedTo: to,
      tombstonesFrom: Math.max(before.tombstonesFrom ?? 0, horizon),
      points: addCleanPoint(before.points, to, nowMs, this.options.deleteRetentionMs),
    };
    const key = partitionKey('cleaning', id, partition);
    this.environment.put(key, Buffer.from(JSON.stringify(cleaning)));
  }
}
