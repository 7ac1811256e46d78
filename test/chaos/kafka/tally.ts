/** Counts what happens in a campaign, and how long tasks stood still. */
export class CampaignTally {
  /** Kind of fault → how often. */
  readonly faults = new Map<string, number>();
  /** Starts of members beyond each place's first, that came to be in the group. */
  recoveries = 0;
  longestPauseMs = 0;
  longestPauseOf = '';
  readonly #generations = new Set<number>();
  /** `topic/partition` → when its position was committed last, ms. */
  readonly #lastMs = new Map<string, number>();

  fault(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }

  /** A transaction with the positions of these inputs. */
  committed(inputs: readonly string[], generation: number, nowMs: number): void {
    this.#generations.add(generation);
    for (const input of inputs) {
      const pauseMs = nowMs - (this.#lastMs.get(input) ?? nowMs);
      this.#lastMs.set(input, nowMs);
      if (pauseMs <= this.longestPauseMs) continue;
      this.longestPauseMs = pauseMs;
      this.longestPauseOf = input;
    }
  }

  /** Generations of the group in which something was committed, beyond the first. */
  get rebalances(): number {
    return Math.max(0, this.#generations.size - 1);
  }
}
