import type { FetchedPartition, FetchLimits, Position } from '../../ports.ts';
import type { Asking } from '../ask-leaders.ts';
import { refused } from '../broker-error.ts';
import { byLeader } from '../leaders.ts';
import { partitionEnds } from '../offsets.ts';
import { passes, Patience } from '../patience.ts';
import { type FetchOutcome, type FetchRequest, sendFetch } from './fetch-request.ts';
import { FetchRound } from './fetch-round.ts';
import { KeptRecords } from './kept-records.ts';
import { LongPolls } from './long-polls.ts';
import { TopicIds } from './topic-ids.ts';

/** Bytes that are asked for at least, of a partition and of a broker: a smaller limit is kept by giving out less at a time. */
const leastBytes = 64 * 1024;
/** Bytes that wait for being asked for. */
const keptBytes = 32 * 1024 * 1024;
/** Longest time for which partitions without trouble wait for one that has some, ms. */
const companyMs = 250;

/**
 * Reads committed records. `awaitRecords` is a Fetch that waits at the brokers; what it brings is kept for the next `fetch` at the same position, so that
 * a record needs one round trip.
 */
export class KafkaFetcher {
  private readonly asking: Asking;
  private readonly kept: KeptRecords;
  private readonly ids = new TopicIds();
  private readonly polls: LongPolls;
  private turn = 0;
  /** What is known of the leaders led to a failure. */
  private stale = false;

  constructor(asking: Asking) {
    this.asking = asking;
    this.kept = new KeptRecords(keptBytes, asking.clock);
    this.polls = new LongPolls(asking, this.kept, this.ids);
  }

  /**
   * See `Log.fetch`. A partition whose leader is moving is left out if others are at hand; otherwise it is waited for.
   * @throws {ConfigError} TOPIC_UNKNOWN, PARTITION_UNKNOWN, TOPIC_RECREATED, KAFKA_RIGHTS
   * @throws {StorageError} LOG_CORRUPT, LOG_UNAVAILABLE
   */
  async fetch(
    positions: readonly Position[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    const round = new FetchRound(limits, this.kept);
    const { clock, patienceMs } = this.asking;
    const patience = new Patience(clock, patienceMs);
    const startMs = clock.monotonic();
    let open = positions.filter((position) => !round.take(position));
    while (open.length > 0) {
      const leftBytes = round.leftBytes;
      const outcomes = await this.ask(open, limits);
      const again: Position[] = [];
      const outside: Position[] = [];
      let failure: Error | undefined;
      const failed: Position[] = [];
      for (const outcome of outcomes) {
        if ('records' in outcome) {
          const next = round.add(outcome.records);
          if (next !== undefined) again.push(next);
        } else if ('outOfRange' in outcome) outside.push(outcome.position);
        else {
          if (!passes(outcome.error)) throw outcome.error;
          failure = outcome.error;
          this.stale = true;
          failed.push(outcome.position);
        }
      }
      // Where nothing came, repeating brings nothing either.
      if (round.leftBytes === leftBytes) again.length = 0;
      again.push(...(await this.relocate(outside, round)));
      if (failure !== undefined && again.length === 0 && !round.brought) {
        const alone = round.size === 0;
        if (!alone && clock.monotonic() - startMs >= companyMs) break;
        await patience.after(failure, 'read records');
        again.push(...failed);
      }
      open = again;
    }
    return round.results(positions);
  }

  /** See `Log.awaitRecords`. */
  awaitRecords(
    positions: readonly Position[],
    maxWaitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    return this.polls.awaitRecords(positions, maxWaitMs, signal);
  }

  /** A position before the start is read from the start on; one behind the end has nothing yet. */
  private async relocate(
    outside: readonly Position[],
    round: FetchRound,
  ): Promise<readonly Position[]> {
    if (outside.length === 0) return [];
    const ends = await partitionEnds(this.asking, outside, 'committed');
    return outside.flatMap((position, i) => {
      const { start, end } = ends[i] as (typeof ends)[number];
      if (position.offset < start) return [{ ...position, offset: start }];
      round.nothing(position, start, end);
      return [];
    });
  }

  private async ask(
    positions: readonly Position[],
    limits: FetchLimits,
  ): Promise<readonly FetchOutcome[]> {
    // Each partition is the first one in its turn: a broker fills its answer in this order.
    const first = this.turn++ % positions.length;
    const rotated = [...positions.slice(first), ...positions.slice(0, first)];
    const asked = {
      maxBytes: Math.max(limits.maxBytes, leastBytes),
      maxBytesPerPartition: Math.max(limits.maxBytesPerPartition, leastBytes),
    };
    try {
      const { byNode, leaderless } = await byLeader(this.asking.wire, rotated, this.stale);
      this.stale = false;
      const answers = await Promise.all(
        [...byNode].map(([node, items]) =>
          this.askNode({
            node,
            positions: items,
            limits: asked,
            maxWaitMs: 0,
            lane: 'fetch',
            ids: this.ids,
          }),
        ),
      );
      const missing = leaderless.map((position) => ({
        position,
        error: refused(5, `read topic "${position.topic}"`, position),
      }));
      return [...answers.flat(), ...missing];
    } catch (error) {
      if (!passes(error)) throw error;
      return positions.map((position) => ({ position, error: error as Error }));
    }
  }

  private async askNode(request: FetchRequest): Promise<readonly FetchOutcome[]> {
    try {
      return await sendFetch(this.asking.wire, request);
    } catch (error) {
      if (!passes(error)) throw error;
      return request.positions.map((position) => ({ position, error: error as Error }));
    }
  }
}
