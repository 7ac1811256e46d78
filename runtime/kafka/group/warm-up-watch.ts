import type { GroupOptions } from '../../ports.ts';
import type { CompiledSettings } from './settings.ts';

export interface WatchOptions {
  readonly group: GroupOptions;
  readonly settings: CompiledSettings;
  /** A copy is complete enough: the group should assign anew. */
  readonly ready: () => void;
}

/**
 * Looks now and then whether a task that this member warms up for can move to it. The member asks by itself, so that the group rebalances once a copy is
 * ready and not to find out (Kafka Streams' probing rebalance, KIP-441).
 */
export class WarmUpWatch {
  private readonly options: WatchOptions;
  private cancel: (() => void) | undefined;
  private round = 0;

  constructor(options: WatchOptions) {
    this.options = options;
  }

  /** Watches these tasks in place of those before. */
  watch(tasks: readonly string[]): void {
    this.stop();
    const { settings } = this.options;
    if (tasks.length === 0) return;
    const { round } = this;
    this.cancel = settings.clock.after(settings.probeIntervalMs, () => {
      void this.ready(tasks).then((ready) => {
        if (round !== this.round) return;
        if (ready) this.options.ready();
        else this.watch(tasks);
      });
    });
  }

  stop(): void {
    this.round++;
    this.cancel?.();
  }

  /** Half of what the leader allows: it must not find the copy behind again when it looks a moment later. */
  private async ready(tasks: readonly string[]): Promise<boolean> {
    const { group, settings } = this.options;
    const ends = await group.stateEnds?.().catch(() => undefined);
    if (ends === undefined) return false;
    const held = group.held?.();
    return tasks.some(
      (id) => (ends.get(id) ?? 0) - (held?.get(id) ?? 0) <= settings.acceptableLag / 2,
    );
  }
}
