import { Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import { ConfigError, ProcessingError } from '../topology/core/errors.ts';
import { StreamRecord } from '../topology/core/record.ts';
import { canonicalText } from './canonical.ts';
import { lanesAreKeyed } from './lanes.ts';

/** How {@link mapAsync} runs. */
export interface MapAsyncOptions<T> {
  /** At most so many calls run at a time; a whole number ≥ 1. */
  readonly concurrency: number;
  /**
   * `per-key`: calls of one key run one after the other, so their results keep their order. `none`:
   * results come as they are ready; in a stage with stores this is the same as `per-key`.
   */
  readonly order: 'per-key' | 'none';
  /** What is kept in order. @defaultValue the record's key */
  readonly key?: (value: T) => unknown;
}

/**
 * Work of one record. `signal` is aborted when its result is no longer wanted: the batch failed or
 * was dropped.
 */
export type AsyncFunction<T, R> = (value: T, signal: AbortSignal) => Promise<R>;

/**
 * Maps each record to the result of an async function. At most `concurrency` run; those that wait
 * start in the order in which they became ready (the next of a key is ready when the one before has
 * ended), so no key starves another. The first error ends it.
 *
 * What must take long belongs in a `call` stage (design.md 7): a batch is over only when all its
 * results are there.
 *
 * **Example**
 * ```ts
 * inputs.in.pipe(mapAsync({ concurrency: 16, order: 'per-key' }, async (order) => order.withValue(await score(order.value))))
 * ```
 * @throws {ConfigError} OPTION_CONCURRENCY
 */
export function mapAsync<T, R>(
  options: MapAsyncOptions<T>,
  run: AsyncFunction<T, R>,
): OperatorFunction<T, R> {
  const { concurrency } = options;
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new ConfigError(
      'OPTION_CONCURRENCY',
      `concurrency of mapAsync is "${concurrency}": give a whole number ≥ 1`,
    );
  }
  return (source) =>
    new Observable<R>((subscriber) => {
      const lanes = new Lanes(options, run, subscriber);
      subscriber.add(() => lanes.stop());
      subscriber.add(
        source.subscribe({
          next: (value) => lanes.take(value),
          error: (reason: unknown) => subscriber.error(reason),
          complete: () => lanes.end(),
        }),
      );
    });
}

interface Item<T> {
  readonly value: T;
  readonly lane: unknown;
}

class Lanes<T, R> {
  readonly #concurrency: number;
  readonly #run: AsyncFunction<T, R>;
  readonly #subscriber: Subscriber<R>;
  /** Undefined: no order is kept. */
  readonly #keyOf: ((value: T) => unknown) | undefined;
  /** Key → those that wait for the one of this key that runs or is ready. */
  readonly #waiting = new Map<unknown, Item<T>[]>();
  readonly #ready: Item<T>[] = [];
  readonly #abort = new AbortController();
  #running = 0;
  #ended = false;

  constructor(options: MapAsyncOptions<T>, run: AsyncFunction<T, R>, subscriber: Subscriber<R>) {
    this.#concurrency = options.concurrency;
    this.#run = run;
    this.#subscriber = subscriber;
    this.#keyOf =
      options.order === 'per-key' || lanesAreKeyed() ? (options.key ?? recordKey) : undefined;
  }

  take(value: T): void {
    if (this.#keyOf === undefined) {
      this.#ready.push({ value, lane: undefined });
    } else {
      let lane: unknown;
      try {
        lane = laneOf(this.#keyOf(value));
      } catch (cause) {
        this.#subscriber.error(cause);
        return;
      }
      const queue = this.#waiting.get(lane);
      if (queue !== undefined) {
        queue.push({ value, lane });
        return;
      }
      this.#waiting.set(lane, []);
      this.#ready.push({ value, lane });
    }
    this.#pump();
  }

  end(): void {
    this.#ended = true;
    this.#settle();
  }

  stop(): void {
    this.#ready.length = 0;
    this.#waiting.clear();
    this.#abort.abort();
  }

  #pump(): void {
    while (this.#running < this.#concurrency) {
      const item = this.#ready.shift();
      if (item === undefined) return;
      this.#running++;
      void this.#start(item);
    }
  }

  async #start(item: Item<T>): Promise<void> {
    let result: R;
    try {
      result = await this.#run(item.value, this.#abort.signal);
    } catch (cause) {
      this.#subscriber.error(cause);
      return;
    }
    if (this.#subscriber.closed) return;
    this.#subscriber.next(result);
    this.#running--;
    this.#release(item.lane);
    this.#pump();
    this.#settle();
  }

  #release(lane: unknown): void {
    if (this.#keyOf === undefined) return;
    const queue = this.#waiting.get(lane);
    const next = queue?.shift();
    if (next === undefined) this.#waiting.delete(lane);
    else this.#ready.push(next);
  }

  #settle(): void {
    if (this.#ended && this.#running === 0 && this.#ready.length === 0) {
      this.#subscriber.complete();
    }
  }
}

function laneOf(key: unknown): unknown {
  return typeof key === 'object' && key !== null ? `o${canonicalText(key)}` : key;
}

function recordKey(value: unknown): unknown {
  if (value instanceof StreamRecord) return value.key;
  throw new ProcessingError(
    'ASYNC_NO_KEY',
    'mapAsync keeps the order per key, and got something that is no record: give it `key`',
  );
}
