import { resolutionsTopic } from '../../topology/core/names.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { decodeResolution, type Resolution } from '../calls/resolution.ts';
import type { Log } from '../ports.ts';
import { FollowedTopic } from './followed-topic.ts';

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
  private readonly byCall = new Map<string, Resolution[]>();
  private readonly topic: FollowedTopic;
  private started = false;

  constructor(options: ResolutionsOptions) {
    this.options = options;
    const { log, plan, failed, arrived } = options;
    this.topic = new FollowedTopic({
      log,
      topic: resolutionsTopic(plan.application),
      take: (records) => {
        for (const resolution of records.flatMap(({ value }) => decodeResolution(value) ?? [])) {
          const before = this.byCall.get(resolution.call);
          if (before === undefined) this.byCall.set(resolution.call, [resolution]);
          else before.push(resolution);
          if (this.started) arrived(resolution);
        }
      },
      failed,
    });
  }

  /** True while records are fetched. */
  get busy(): boolean {
    return this.topic.busy;
  }

  /** The decisions about calls with an id, in their order: the first that fits counts, as for a task that hears of them one by one. */
  of(call: string): readonly Resolution[] {
    return this.byCall.get(call) ?? [];
  }

  /** Reads what is there, then follows the topic until {@link close}. */
  async start(): Promise<void> {
    if (this.options.plan.calls.size === 0) return;
    await this.topic.start();
    this.started = true;
  }

  close(): void {
    this.topic.close();
  }
}
