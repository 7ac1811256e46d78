import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, or returns early when the signal comes. */
export async function nap(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}

/** Does something again and again, with pauses, until the signal comes. */
export async function repeat(
  signal: AbortSignal,
  pauseMs: () => number,
  once: () => Promise<void>,
): Promise<void> {
  for (;;) {
    await nap(pauseMs(), signal);
    if (signal.aborted) return;
    await once();
  }
}

const pollMs = 100;

/** How long a campaign may take: whatever it waits for is given up when that is over, and named. */
export class TimeLimit {
  readonly #endMs: number;
  readonly #state: () => string;

  /** @param state - how things are, for whoever reads that something did not come */
  constructor(ms: number, state: () => string) {
    this.#endMs = performance.now() + ms;
    this.#state = state;
  }

  /** So many ms, or what is left where that is less. */
  atMost(ms: number): number {
    return Math.max(0, Math.min(ms, this.#endMs - performance.now()));
  }

  /**
   * Waits for what must come.
   * @throws {Error} when it does not come in time
   */
  async within(ms: number, what: string, work: Promise<void>): Promise<void> {
    const forMs = this.atMost(ms);
    const over = new AbortController();
    const late = sleep(forMs, undefined, { signal: over.signal }).then(() => {
      throw this.#late(what, forMs);
    });
    try {
      await Promise.race([work, late]);
    } finally {
      late.catch(() => {});
      over.abort();
    }
  }

  /**
   * Looks until it is so.
   * @throws {Error} when it does not come true in time
   */
  async until(
    ms: number,
    what: string,
    condition: () => boolean | Promise<boolean>,
  ): Promise<void> {
    const forMs = this.atMost(ms);
    const lateMs = performance.now() + forMs;
    while (!(await condition())) {
      if (performance.now() > lateMs) throw this.#late(what, forMs);
      await sleep(pollMs);
    }
  }

  #late(what: string, ms: number): Error {
    return new Error(`${what}: not in ${Math.round(ms)} ms; ${this.#state()}`);
  }
}
