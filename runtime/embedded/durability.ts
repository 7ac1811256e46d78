import type { Clock } from '../../topology/core/clock.ts';
import type { Flusher } from './flusher.ts';

/**
 * When a commit is acknowledged: when it is on disk, or before, with the disk at most 200 ms or
 * 30 s behind. `docs/durability.md` says what each may lose.
 */
export type SyncMode = 'commit' | 'interval' | 'never';

/** How far the disk may be behind a commit, ms. */
const intervalMs = 200;
/**
 * `never` leaves it to the system when to write, but flushes this often: pages that were freed
 * since the last flush cannot be used again, so the file would grow without end.
 */
const idleMs = 30_000;
/** Resident pages are counted at most this often, ms. */
const measureMs = 10;

/** Flushes commits as the mode says. */
export class Durability {
  private readonly flusher: Flusher;
  private readonly mode: SyncMode;
  private readonly clock: Clock;
  private cancel: (() => void) | undefined;
  private flushedAtMs: number;
  private measuredAtMs = 0;

  constructor(flusher: Flusher, mode: SyncMode, clock: Clock) {
    this.flusher = flusher;
    this.mode = mode;
    this.clock = clock;
    this.flushedAtMs = clock.monotonic();
  }

  /**
   * Resolves when what was committed may be acknowledged.
   * @throws {StorageError} when the disk does not take it, now or in a flush before
   */
  async settle(): Promise<void> {
    if (this.flusher.failure !== undefined) throw this.flusher.failure;
    if (this.mode === 'commit') return this.flush();
    this.cancel ??= this.clock.after(this.mode === 'interval' ? intervalMs : idleMs, () => {
      this.cancel = undefined;
      this.flushAside();
    });
  }

  /**
   * Lets go of an old snapshot. A process that only reads holds the one of its last flush, and no
   * other process could use pages again that were freed since. When much of the file has become
   * resident by reading it, waits until it is mapped anew: whoever reads on and on without leaving
   * the event loop a turn would have all of it resident. To be called before reading much.
   */
  async advance(): Promise<void> {
    const now = this.clock.monotonic();
    const idle = now - this.flushedAtMs >= idleMs;
    const measured = now - this.measuredAtMs < measureMs;
    if (!measured) this.measuredAtMs = now;
    if (!measured && this.flusher.due) await this.flush().catch(keptByFlusher);
    else if (idle) this.flushAside();
  }

  /** Flushes what is left and stops. */
  async close(): Promise<void> {
    this.cancel?.();
    this.cancel = undefined;
    await this.flush();
  }

  private flush(): Promise<void> {
    this.flushedAtMs = this.clock.monotonic();
    return this.flusher.flush();
  }

  private flushAside(): void {
    this.flush().catch(keptByFlusher);
  }
}

/** The flusher keeps a failure, and the next commit reports it. */
function keptByFlusher(): void {}
