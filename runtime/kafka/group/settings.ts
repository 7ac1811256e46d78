import type { Clock } from '../../../topology/core/clock.ts';

/** How a member takes part in its group. */
export interface MembershipSettings {
  readonly clock: Clock;
  /** In [0, 1): spreads repeated attempts. */
  readonly random: () => number;
  /** A member that is not heard of for this long is expelled, ms. @defaultValue 45 s, as Kafka Streams */
  readonly sessionTimeoutMs?: number;
  /** Longest time that a member may take to join after a change: its `revoked` included, ms. @defaultValue 60 s */
  readonly rebalanceTimeoutMs?: number;
  /** How often a member asks whether the group changes, ms: what a change is noticed after. @defaultValue 1 s */
  readonly heartbeatIntervalMs?: number;
  /**
   * The slot is the member's `group.instance.id` (KIP-345): a process that comes back within the session time-out gets its tasks again without
   * a rebalance. @defaultValue true
   */
  readonly static?: boolean;
  /** `leave` takes the member out of the group, so that others get its tasks at once. @defaultValue true; without it they wait for the session time-out */
  readonly leaveOnClose?: boolean;
  /** A member that lacks no more changelog records than this of a task may run it at once. @defaultValue 10,000, as Kafka Streams */
  readonly acceptableLag?: number;
  /** Tasks that one member warms up for at the same time. @defaultValue 2 */
  readonly maxWarmups?: number;
  /** How often a member looks whether a task that it warms up for can move, ms. @defaultValue 10 s */
  readonly probeIntervalMs?: number;
  /**
   * Slots of members that the group had in the last assignment and has no more: left or expelled. Called on one member only. Such a slot may have
   * a transaction open; it may also be back already.
   */
  readonly departed?: (slots: readonly string[]) => void;
}

export type CompiledSettings = Required<MembershipSettings>;

export function compileSettings(settings: MembershipSettings): CompiledSettings {
  return {
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 60_000,
    heartbeatIntervalMs: 1000,
    static: true,
    leaveOnClose: true,
    acceptableLag: 10_000,
    maxWarmups: 2,
    probeIntervalMs: 10_000,
    departed: () => {},
    ...settings,
  };
}
