import type { Log } from '../ports.ts';
import { shopTopics } from './shop-serdes.ts';
import { TopicReader } from './topic-reader.ts';

const sampleEvery = 8;
const maxSamples = 20_000;

/**
 * Watches `orders.status` while a run goes on: how many orders ended, and how long a sample of them took from their commit by the loader.
 *
 * Order ids are the keys of the topic, so nothing is decoded.
 */
export class StatusFollower {
  readonly #reader: TopicReader;
  readonly #monotonic: () => number;
  /** Sampled orders under way: id → when they were committed. */
  readonly #started = new Map<string, number>();
  readonly #latenciesMs: number[] = [];
  #committed = 0;
  /** Status records of this run so far. */
  ended = 0;

  constructor(log: Log, monotonic: () => number) {
    this.#reader = new TopicReader(log, shopTopics.status);
    this.#monotonic = monotonic;
  }

  /** Passes over what earlier runs wrote. */
  async skipPresent(): Promise<void> {
    await this.#reader.read(() => {});
  }

  /** Orders that the loader has just committed. */
  committed(orderIds: readonly string[]): void {
    const now = this.#monotonic();
    for (const orderId of orderIds) {
      this.#committed += 1;
      if (this.#committed % sampleEvery === 0) this.#started.set(orderId, now);
    }
  }

  /** Takes in what came since the last call; true if anything did. */
  async poll(): Promise<boolean> {
    const before = this.ended;
    await this.#reader.read(({ buffer, keyStart, keyEnd }) => {
      this.ended += 1;
      if (this.#started.size > 0) this.#sample(buffer.toString('utf8', keyStart, keyEnd));
    });
    return this.ended > before;
  }

  #sample(orderId: string): void {
    const started = this.#started.get(orderId);
    if (started === undefined) return;
    this.#started.delete(orderId);
    if (this.#latenciesMs.length < maxSamples) {
      this.#latenciesMs.push(this.#monotonic() - started);
    }
  }

  /** Quantiles of the sample, ms; undefined if none of the orders of this run has ended. */
  latency(): { readonly p50Ms: number; readonly p99Ms: number } | undefined {
    const sorted = this.#latenciesMs.toSorted((a, b) => a - b);
    if (sorted.length === 0) return undefined;
    const at = (share: number): number =>
      Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number);
    return { p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}
