import { suicidePoints } from '../child/settings.ts';
import type { Ambush } from '../child/suicide.ts';

/** What is done to a member. */
export type MemberFault =
  /** SIGKILL; another process takes its place after `awayMs`. */
  | { readonly kind: 'kill'; readonly awayMs: number }
  /** SIGSTOP, SIGCONT after `forMs`; `long`: longer than its session, so that others have its tasks when it wakes. */
  | { readonly kind: 'freeze'; readonly long: boolean; readonly forMs: number }
  /** Leaves in order, comes back after `awayMs`; `fresh`: with an empty disk, as another member. */
  | { readonly kind: 'leave'; readonly awayMs: number; readonly fresh: boolean };

/** What is done to a broker, one at a time. */
export type BrokerFault = {
  readonly kind: 'kill' | 'stop' | 'freeze';
  readonly broker: number;
  readonly forMs: number;
};

/** What is done to the connections of a broker's clients. */
export type NetworkFault =
  | { readonly kind: 'cut'; readonly broker: number }
  | {
      readonly kind: 'slow';
      readonly broker: number;
      readonly delayMs: number;
      readonly forMs: number;
    }
  | { readonly kind: 'stall' | 'refuse'; readonly broker: number; readonly forMs: number };

/** Draws faults from one seed: the same sequence for the same seed. */
export class FaultPlan {
  readonly #random: () => number;
  readonly #sessionTimeoutMs: number;
  readonly #brokers: number;

  constructor(random: () => number, options: { sessionTimeoutMs: number; brokers: number }) {
    this.#random = random;
    this.#sessionTimeoutMs = options.sessionTimeoutMs;
    this.#brokers = options.brokers;
  }

  /** Whole, from `low` up to `high`. */
  between(low: number, high: number): number {
    return low + Math.floor(this.#random() * (high - low));
  }

  /** True with the given probability. */
  chance(share: number): boolean {
    return this.#random() < share;
  }

  member(): MemberFault {
    const kind = this.#random();
    if (kind < 0.4) return { kind: 'kill', awayMs: this.#away() };
    if (kind < 0.75) {
      const long = this.chance(0.5);
      const session = this.#sessionTimeoutMs;
      const forMs = long
        ? this.between(session + 1000, 2 * session)
        : this.between(50, session / 2);
      return { kind: 'freeze', long, forMs };
    }
    return { kind: 'leave', awayMs: this.#away(), fresh: this.chance(0.4) };
  }

  broker(): BrokerFault {
    const kind = this.#random();
    const broker = this.between(1, this.#brokers + 1);
    if (kind < 0.5) return { kind: 'kill', broker, forMs: this.between(0, 6000) };
    if (kind < 0.7) return { kind: 'stop', broker, forMs: this.between(0, 3000) };
    return { kind: 'freeze', broker, forMs: this.between(500, 8000) };
  }

  network(): NetworkFault {
    const kind = this.#random();
    const broker = this.between(1, this.#brokers + 1);
    if (kind < 0.35) return { kind: 'cut', broker };
    const forMs = this.between(300, 5000);
    if (kind < 0.65) return { kind: 'slow', broker, delayMs: this.between(10, 400), forMs };
    return { kind: kind < 0.85 ? 'stall' : 'refuse', broker, forMs };
  }

  /** What a member that starts is to do to itself, if anything. */
  ambush(): Ambush | undefined {
    if (!this.chance(0.4)) return undefined;
    const points = suicidePoints.filter((it) => it !== 'load.logged');
    const point = points[this.between(0, points.length)] ?? 'commit.logged';
    const signal = this.chance(0.5) ? 'SIGKILL' : 'SIGSTOP';
    return { point, at: this.between(1, 20), signal };
  }

  /** How long a process that is frozen at a point stays so, ms. */
  frozenMs(): number {
    const session = this.#sessionTimeoutMs;
    return this.chance(0.6)
      ? this.between(session + 1000, 2 * session)
      : this.between(50, session / 2);
  }

  /** How long a place stays empty, ms: now within its session, now longer. */
  #away(): number {
    return this.between(0, 1.5 * this.#sessionTimeoutMs);
  }
}
