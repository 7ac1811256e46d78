import type { Clock } from '../../topology/core/clock.ts';
import type { SchemaWaiter } from '../task/schema-waiter.ts';
import { answersAgainLine, askAgainMs, waitingLine } from './await-schema.ts';
import type { SchemaCache } from './schema-cache.ts';

export interface SchemaLookupsOptions {
  readonly cache: SchemaCache;
  readonly clock: Clock;
  /** All that may wait for a schema: queues with their heads, released keys with their next records. */
  readonly waiters: () => readonly SchemaWaiter[];
  readonly wake: () => void;
  /** Told when the registry cannot be asked, and when it can again. */
  readonly report: (message: string) => void;
}

/** Asks the registry for schemas that next records wait for. While it is down they wait; their records do not fail (design.md 9). */
export class SchemaLookups {
  private readonly options: SchemaLookupsOptions;
  /** Ids that are asked for, or will be after a pause. */
  private readonly resolving = new Set<number>();
  private readonly pauses = new Set<() => void>();
  private closed = false;
  /** The registry could not be asked, and that was said. */
  private waiting = false;

  constructor(options: SchemaLookupsOptions) {
    this.options = options;
  }

  /** True while a look-up is under way. */
  get busy(): boolean {
    return this.resolving.size > 0;
  }

  /** Begins the look-ups that are missing. */
  step(): void {
    const { cache, waiters } = this.options;
    for (const { pendingSchema: id } of waiters()) {
      if (id === undefined || this.resolving.has(id)) continue;
      this.resolving.add(id);
      cache.load(id).then(
        () => this.resolved(id),
        (error: unknown) => this.askLater(id, error),
      );
    }
  }

  close(): void {
    this.closed = true;
    for (const cancel of this.pauses) cancel();
    this.pauses.clear();
  }

  private askLater(id: number, error: unknown): void {
    if (this.closed) return;
    if (!this.waiting) {
      this.waiting = true;
      this.options.report(waitingLine(id, error));
    }
    const cancel = this.options.clock.after(askAgainMs, () => {
      this.pauses.delete(cancel);
      this.resolving.delete(id);
      this.options.wake();
    });
    this.pauses.add(cancel);
  }

  private resolved(id: number): void {
    if (this.waiting) {
      this.waiting = false;
      this.options.report(answersAgainLine);
    }
    this.resolving.delete(id);
    for (const waiter of this.options.waiters()) {
      if (waiter.pendingSchema === id) waiter.schemaResolved();
    }
    this.options.wake();
  }
}
