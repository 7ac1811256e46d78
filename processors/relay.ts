import { Observable } from 'rxjs';
import type { StreamRecord } from '../topology/core/record.ts';

/** Takes what one edge of a topology carries: records, then `complete` or `error`, once. */
export interface RecordObserver<T = StreamRecord> {
  next(record: T): void;
  error(reason: unknown): void;
  complete(): void;
}

/**
 * A hot edge of a topology: whatever enters by {@link Relay.next} reaches all observers, in the
 * order in which they came, before `next` returns (depth first, as Kafka Streams forwards). Who
 * comes after the end gets the end alone.
 *
 * A `Subject` would do, at the price of an array copy and two closures per record (design.md,
 * principle 8). Observers attached by {@link Relay.attach} are called without any wrapper and must
 * not throw; subscribers are RxJS's as usual.
 */
export class Relay<T = StreamRecord> extends Observable<T> implements RecordObserver<T> {
  readonly #onIdle: (() => void) | undefined;
  // Replaced, never changed in place: an observer may leave while a record is being handed out.
  #observers: readonly RecordObserver<T>[] = [];
  #watchers: readonly Pick<RecordObserver<T>, 'error' | 'complete'>[] = [];
  #ended: { readonly error: boolean; readonly reason: unknown } | undefined;

  /** `onIdle` is called when the last observer leaves before the end. */
  constructor(onIdle?: () => void) {
    super((subscriber) => this.attach(subscriber));
    this.#onIdle = onIdle;
  }

  /** True while somebody listens. */
  get observed(): boolean {
    return this.#observers.length > 0;
  }

  /** True after `complete` or `error`. */
  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Adds an observer and returns the function that takes it away again. */
  attach(observer: RecordObserver<T>): () => void {
    if (this.#ended !== undefined) {
      if (this.#ended.error) observer.error(this.#ended.reason);
      else observer.complete();
      return () => {};
    }
    this.#observers = [...this.#observers, observer];
    return () => this.#detach(observer);
  }

  /**
   * Tells `watcher` of the end, and of no record: a relay that is only watched is not observed, so
   * what makes its records may leave them out. Returns the function that takes the watcher away;
   * nobody listens any more then, unless an observer does.
   */
  watch(watcher: Pick<RecordObserver<T>, 'error' | 'complete'>): () => void {
    if (this.#ended !== undefined) {
      if (this.#ended.error) watcher.error(this.#ended.reason);
      else watcher.complete();
      return () => {};
    }
    this.#watchers = [...this.#watchers, watcher];
    return () => {
      this.#watchers = this.#watchers.filter((other) => other !== watcher);
      if (!this.observed && this.#ended === undefined) this.#onIdle?.();
    };
  }

  next(record: T): void {
    const observers = this.#observers;
    for (let i = 0; i < observers.length; i++) (observers[i] as RecordObserver<T>).next(record);
  }

  error(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { error: true, reason };
    for (const observer of this.#release()) observer.error(reason);
  }

  complete(): void {
    if (this.#ended !== undefined) return;
    this.#ended = { error: false, reason: undefined };
    for (const observer of this.#release()) observer.complete();
  }

  #release(): readonly Pick<RecordObserver<T>, 'error' | 'complete'>[] {
    const released = [...this.#observers, ...this.#watchers];
    this.#observers = [];
    this.#watchers = [];
    return released;
  }

  #detach(observer: RecordObserver<T>): void {
    const rest = this.#observers.filter((other) => other !== observer);
    if (rest.length === this.#observers.length) return;
    this.#observers = rest;
    if (rest.length === 0 && this.#ended === undefined) this.#onIdle?.();
  }
}

/**
 * Lets `observer` listen to `source`; a {@link Relay} calls it directly. Returns the function that
 * ends it.
 */
export function listen<T>(source: Observable<T>, observer: RecordObserver<T>): () => void {
  if (source instanceof Relay) return (source as Relay<T>).attach(observer);
  const subscription = source.subscribe(observer);
  return () => subscription.unsubscribe();
}
