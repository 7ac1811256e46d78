const names = ['SIGINT', 'SIGTERM'] as const;

/** The exit code by which shells know what ended a process: 128 and the signal's number. */
const codes = { SIGINT: 130, SIGTERM: 143 } as const;

/** Watches for SIGINT and SIGTERM. */
export interface Signals {
  /** Aborts at the first one. */
  readonly signal: AbortSignal;
  /** Stops watching: the system's own reaction is back. */
  release(): void;
}

/** From now on the first SIGINT or SIGTERM aborts, and the second ends the process at once. */
export function onSignal(): Signals {
  const abort = new AbortController();
  const react = (name: (typeof names)[number]): void => {
    if (abort.signal.aborted) process.exit(codes[name]);
    abort.abort(name);
  };
  for (const name of names) process.on(name, react);
  return {
    signal: abort.signal,
    release() {
      for (const name of names) process.off(name, react);
    },
  };
}
