import type { CompactionOptions } from '../log/compaction.ts';
import { Compactor } from './compactor.ts';
import type { Environment } from './environment.ts';
import { kindRange } from './keys.ts';
import { hasOlder, pruneOlder, removeDebris } from './pruning.ts';
import type { Topics } from './topics.ts';

/** Retention, compaction and the removal of deleted topics, in steps of a few milliseconds. */
export class Maintenance {
  private readonly environment: Environment;
  private readonly topics: Topics;
  private readonly compactor: Compactor;

  constructor(environment: Environment, topics: Topics, options: CompactionOptions) {
    this.environment = environment;
    this.topics = topics;
    this.compactor = new Compactor(environment, topics, options);
  }

  /** Does one step. True: something was done and there may be more to do. */
  step(nowMs: number): boolean {
    this.environment.refresh();
    for (const _ of this.environment.keys(...kindRange('debris'))) {
      return this.environment.write(() => removeDebris(this.environment));
    }
    return this.expire(nowMs) || this.compactor.step(nowMs);
  }

  private expire(nowMs: number): boolean {
    for (const { id, partitions, cleanup, retention } of this.topics.all()) {
      if (cleanup !== 'delete' || retention === 'forever') continue;
      const timeMs = nowMs - retention;
      for (let partition = 0; partition < partitions; partition++) {
        // Looked up first: the lock of all writers is not taken for nothing.
        if (!hasOlder(this.environment, id, partition, timeMs)) continue;
        this.environment.write(() =>
          pruneOlder(this.environment, this.topics, id, partition, timeMs),
        );
        return true;
      }
    }
    return false;
  }
}
