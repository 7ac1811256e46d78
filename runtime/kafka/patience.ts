import type { Clock } from '../../topology/core/clock.ts';
import { isStreamsError, StorageError } from '../../topology/core/errors.ts';
import { pause } from '../pause.ts';
import { BrokerError } from './broker-error.ts';
import type { Reaction } from './reaction.ts';
import { WireError } from './wire-error.ts';

/** Waits between attempts, ms: the first one, growing by half each time up to the longest. */
const firstWaitMs = 5;
const longestWaitMs = 500;

/** What an error of a request calls for; anything but errors of the carrier and of brokers is fatal. */
export function reactionOf(error: unknown): Reaction {
  if (error instanceof WireError) return error.reaction;
  return error instanceof BrokerError ? error.kafka.reaction : 'fatal';
}

/** True for failures that go away by themselves: a leader or coordinator moves, a broker starts, a transaction ends. */
export function passes(error: unknown): boolean {
  const reaction = reactionOf(error);
  return (
    reaction === 'retry' || reaction === 'refresh-metadata' || reaction === 'refind-coordinator'
  );
}

/** True where another attempt may work: what {@link passes}, and where a patience or many attempts came to their end without that. */
export function mayPass(error: unknown): boolean {
  if (passes(error)) return true;
  return (
    isStreamsError(error) &&
    (error.code === 'LOG_UNAVAILABLE' || error.code === 'TRANSACTION_ABORTED')
  );
}

/** One thing that is tried until it works, it cannot work, or the patience is at an end. */
export class Patience {
  private readonly clock: Clock;
  private readonly startMs: number;
  private readonly forMs: number;
  private waitMs = firstWaitMs;
  /** Attempts that failed so far. */
  failures = 0;

  constructor(clock: Clock, forMs: number) {
    this.clock = clock;
    this.startMs = clock.monotonic();
    this.forMs = forMs;
  }

  /**
   * Waits before the next attempt.
   * @param what - what was tried, as an infinitive: `read topic "orders"`
   * @throws the error itself if it does not pass by itself
   * @throws {StorageError} LOG_UNAVAILABLE when the patience is at an end
   */
  async after(error: unknown, what: string): Promise<void> {
    if (!passes(error)) throw error;
    const elapsedMs = this.clock.monotonic() - this.startMs;
    if (elapsedMs >= this.forMs) {
      throw new StorageError(
        'LOG_UNAVAILABLE',
        `Kafka could not be brought to ${what} within ${Math.round(elapsedMs / 1000)} s: ` +
          (error as Error).message,
        { cause: error },
      );
    }
    this.failures++;
    const waitMs = Math.min(this.waitMs, this.forMs - elapsedMs);
    this.waitMs = Math.min(longestWaitMs, this.waitMs * 1.5);
    await pause(this.clock, waitMs);
  }
}
