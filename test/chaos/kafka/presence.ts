/** Which tasks run in processes that are awake, as these say, and for how long none ran. */
export class Presence {
  readonly #tasks = new Map<string, readonly string[]>();
  /** Task → for how long nobody ran it, ms, without the time since `sinceMs`, where nobody has run it since then. */
  readonly #unmanned = new Map<
    string,
    { readonly totalMs: number; readonly sinceMs?: number | undefined }
  >();

  /** The member runs these tasks, and no others; none: it is gone, or frozen. */
  runs(member: string, tasks: readonly string[], nowMs: number): void {
    const before = this.#tasks.get(member) ?? [];
    this.#tasks.set(member, tasks);
    for (const task of new Set([...before, ...tasks])) this.#look(task, nowMs);
  }

  /** How long nobody ran a task that somebody had run before, ms. */
  unmannedMs(task: string, nowMs: number): number {
    const { totalMs, sinceMs = nowMs } = this.#unmanned.get(task) ?? { totalMs: 0 };
    return totalMs + nowMs - sinceMs;
  }

  #look(task: string, nowMs: number): void {
    const manned = [...this.#tasks.values()].some((tasks) => tasks.includes(task));
    const known = this.#unmanned.get(task) ?? { totalMs: 0, sinceMs: undefined };
    if (manned)
      this.#unmanned.set(task, { totalMs: this.unmannedMs(task, nowMs), sinceMs: undefined });
    else this.#unmanned.set(task, { ...known, sinceMs: known.sinceMs ?? nowMs });
  }
}
