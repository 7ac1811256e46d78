/** Where in the running topology something failed. Every field is absent where it is not known or does not apply. */
export interface ErrorPlace {
  readonly taskId?: string;
  readonly stage?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly offset?: number;
}

const brand = Symbol.for('millrace.StreamsError');

/**
 * Base of all errors of this library. `code` is stable and documented; the subclass is the reaction it calls for (design.md 9).
 * Branded by a registered symbol, so that two copies of the package agree: use {@link isStreamsError}, not `instanceof`.
 */
export class StreamsError extends Error {
  readonly code: string;
  readonly place: ErrorPlace;

  constructor(
    code: string,
    message: string,
    options: { cause?: unknown; place?: ErrorPlace } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.place = options.place ?? {};
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a {@link StreamsError} of any copy of this package. */
export function isStreamsError(error: unknown): error is StreamsError {
  return (
    typeof error === 'object' &&
    error !== null &&
    (error as Record<symbol, unknown>)[brand] === true
  );
}

/** Options, a runner file, a folder or a port that cannot be used as they are: the user must change something. */
export class ConfigError extends StreamsError {}

/** Bytes that do not decode, or a value that does not fit its schema. A record failure. */
export class SerdeError extends StreamsError {}

/** A stage threw, or did not finish within its budget. A record failure. The user's exception is the `cause`. */
export class ProcessingError extends StreamsError {}

/** The log did not take what was sent to it. */
export class ProductionError extends StreamsError {}

/** Local state cannot be used: drop it and restore from the changelog. */
export class TaskCorruptedError extends StreamsError {}

/** The task belongs to somebody else by now: drop it and rejoin (invariant E6). */
export class TaskMigratedError extends StreamsError {}

/** A store or a log on disk that cannot be read or written (full, corrupt, of another version). */
export class StorageError extends StreamsError {}

/** A bug of this library, or a handle used outside its attempt (invariant E8). */
export class IllegalStateError extends StreamsError {}
