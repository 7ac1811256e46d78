/**
 * Whether the stage that is being connected has stores, so that its async work must run in per-key
 * lanes (design.md 4). RxJS hands no context to operators, so it is known only while the stage's
 * function runs and its observables are subscribed to, which is synchronous.
 */
let keyed = false;

/**
 * Runs `connect` such that every {@link mapAsync} subscribed to in it keeps the order per key, if
 * `stateful`.
 */
export function withKeyedLanes<T>(stateful: boolean, connect: () => T): T {
  const before = keyed;
  keyed = stateful;
  try {
    return connect();
  } finally {
    keyed = before;
  }
}

/** True while a stage with stores is being connected. */
export function lanesAreKeyed(): boolean {
  return keyed;
}
