import { Presence } from './presence.ts';

/** A time between two commits of an input. */
export interface Pause {
  /** `topic/partition` */
  readonly input: string;
  /** Since the campaign began, ms. */
  readonly fromMs: number;
  readonly forMs: number;
  /** Of that, while no process that was awake ran its task: hand-over and restore, ms. */
  readonly unmannedMs: number;
}

interface LastCommit {
  readonly atMs: number;
  readonly unmannedMs: number;
}

/** So many pauses are remembered, one of each input. */
const most = 5;

/** Counts what happens in a campaign, and how long tasks stood still. */
export class CampaignTally {
  /** Kind of fault → how often. */
  readonly faults = new Map<string, number>();
  /** Starts of members beyond each place's first, that came to be in the group. */
  recoveries = 0;
  /** The longest one, from the making of the process on, ms. */
  longestRecoveryMs = 0;
  /** Who runs which tasks. */
  readonly presence = new Presence();
  readonly #startedMs = performance.now();
  readonly #generations = new Set<number>();
  readonly #last = new Map<string, LastCommit>();
  /** The longest one of each input. */
  readonly #pauses = new Map<string, Pause>();
  readonly #taskOf: (input: string) => string;

  /** @param taskOf - the task that reads an input, `topic/partition` */
  constructor(taskOf: (input: string) => string) {
    this.#taskOf = taskOf;
  }

  fault(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }

  recovered(startMs: number): void {
    this.recoveries += 1;
    this.longestRecoveryMs = Math.max(this.longestRecoveryMs, startMs);
  }

  /** A transaction with the positions of these inputs. */
  committed(inputs: readonly string[], generation: number, nowMs: number): void {
    this.#generations.add(generation);
    for (const input of inputs) {
      const unmannedMs = this.presence.unmannedMs(this.#taskOf(input), nowMs);
      const last = this.#last.get(input);
      this.#last.set(input, { atMs: nowMs, unmannedMs });
      if (last === undefined) continue;
      const forMs = nowMs - last.atMs;
      if (forMs <= (this.#pauses.get(input)?.forMs ?? 0)) continue;
      const fromMs = last.atMs - this.#startedMs;
      this.#pauses.set(input, { input, fromMs, forMs, unmannedMs: unmannedMs - last.unmannedMs });
    }
  }

  /** The longest pauses, one of an input each, the longest first. */
  get pauses(): readonly Pause[] {
    return [...this.#pauses.values()].toSorted((a, b) => b.forMs - a.forMs).slice(0, most);
  }

  /** Generations of the group in which something was committed, beyond the first. */
  get rebalances(): number {
    return Math.max(0, this.#generations.size - 1);
  }
}
