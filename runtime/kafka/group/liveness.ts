import type { CompiledSettings } from './settings.ts';

/**
 * Whether the group can still count this member in, by its own clock: measured from when an answered request was *sent*, which is before the coordinator took it,
 * so that doubt begins before the coordinator gives the tasks to somebody else. A process that was stopped or blocked
 * is in doubt as soon as it goes on, before any answer or timer.
 */
export class Liveness {
  private readonly settings: CompiledSettings;
  private confirmedMs: number;
  private suspected = false;
  /** Since when a rebalance may be under way that this member has not joined; undefined: none is. */
  private rebalanceMs: number | undefined;

  constructor(settings: CompiledSettings) {
    this.settings = settings;
    this.confirmedMs = settings.clock.monotonic();
  }

  /** The coordinator answered a request of that time: it counts this member in. */
  confirm(sentMs: number): void {
    this.confirmedMs = Math.max(this.confirmedMs, sentMs);
    this.suspected = false;
  }

  /** The coordinator wants all members to join; it may have wanted so ever since the last answer. */
  rebalancing(): void {
    this.rebalanceMs ??= this.confirmedMs;
  }

  /** The member has joined. */
  joined(): void {
    this.rebalanceMs = undefined;
  }

  /** Somebody heard that the group does not know this member: true until the next confirmation. */
  suspect(): void {
    this.suspected = true;
  }

  /** True where the coordinator may have expelled this member. */
  get doubtful(): boolean {
    const { clock, sessionTimeoutMs, rebalanceTimeoutMs } = this.settings;
    const now = clock.monotonic();
    return (
      this.suspected ||
      now - this.confirmedMs >= sessionTimeoutMs ||
      (this.rebalanceMs !== undefined && now - this.rebalanceMs >= rebalanceTimeoutMs)
    );
  }
}
