import { partitionId } from '../../../topology/core/topic-partition.ts';
import type { FetchLimits, Position } from '../../ports.ts';
import type { Asking } from '../ask-leaders.ts';
import { byLeader } from '../leaders.ts';
import { passes } from '../patience.ts';
import { pause } from '../../pause.ts';
import type { NodeId } from '../wire.ts';
import { sendFetch } from './fetch-request.ts';
import type { KeptRecords } from './kept-records.ts';
import type { TopicIds } from './topic-ids.ts';

/**
 * Waiting fetches at one broker at a time. Each takes a connection, since a broker answers the requests of one connection one after the other; who finds all
 * taken waits with another's.
 */
const pollsPerNode = 4;
/** What one waiting fetch may bring. */
const limits: FetchLimits = { maxBytes: 4 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 };
/** After a fetch that failed, before its waiters look for themselves, ms: the reaction is theirs. */
const failedWaitMs = 100;
/** A broker answers a little later than it was asked to. */
const graceMs = 50;

interface Poll {
  readonly lane: number;
  /** Partition id → offset. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Never rejects. */
  readonly done: Promise<void>;
}

/** Fetches that wait at brokers for records, shared by all who wait. What they bring goes to the kept records. */
export class LongPolls {
  private readonly asking: Asking;
  private readonly kept: KeptRecords;
  private readonly ids: TopicIds;
  private readonly polls = new Map<NodeId, Set<Poll>>();

  constructor(asking: Asking, kept: KeptRecords, ids: TopicIds) {
    this.asking = asking;
    this.kept = kept;
    this.ids = ids;
  }

  /** See `Log.awaitRecords`. Never rejects for a broker's failure: the next fetch tells. */
  async awaitRecords(
    positions: readonly Position[],
    maxWaitMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted || positions.some((it) => this.kept.has(it))) return;
    const { clock } = this.asking;
    const polls = await this.pollsOf(positions, maxWaitMs);
    if (polls.length === 0) return pause(clock, Math.min(maxWaitMs, failedWaitMs), signal);
    const over = new AbortController();
    const limit = pause(clock, maxWaitMs + graceMs, AbortSignal.any([signal, over.signal]));
    await Promise.race([limit, ...polls.map(({ done }) => done)]);
    over.abort();
  }

  /** Polls that cover the positions, those of others included. None: no leader is known at the moment. */
  private async pollsOf(positions: readonly Position[], maxWaitMs: number): Promise<Poll[]> {
    try {
      const { byNode } = await byLeader(this.asking.wire, positions);
      return [...byNode].flatMap(([node, items]) => this.pollsAt(node, items, maxWaitMs));
    } catch (error) {
      if (passes(error)) return [];
      throw error;
    }
  }

  private pollsAt(node: NodeId, positions: readonly Position[], maxWaitMs: number): Poll[] {
    const running = this.polls.get(node) ?? new Set();
    this.polls.set(node, running);
    const covering = new Set<Poll>();
    const rest = positions.filter(({ topic, partition, offset }) => {
      const id = partitionId(topic, partition);
      const poll = [...running].find((it) => it.offsets.get(id) === offset);
      if (poll !== undefined) covering.add(poll);
      return poll === undefined;
    });
    if (rest.length > 0) covering.add(this.start(node, running, rest, maxWaitMs));
    return [...covering];
  }

  private start(
    node: NodeId,
    running: Set<Poll>,
    positions: readonly Position[],
    maxWaitMs: number,
  ): Poll {
    const lanes = [...running].map((poll) => poll.lane);
    let lane = 0;
    while (lanes.includes(lane)) lane++;
    const [oldest] = running;
    if (lane >= pollsPerNode && oldest !== undefined) return oldest;
    const offsets = new Map(
      positions.map(({ topic, partition, offset }) => [partitionId(topic, partition), offset]),
    );
    const done = this.run(node, lane, positions, maxWaitMs).then(() => {
      running.delete(poll);
    });
    const poll: Poll = { lane, offsets, done };
    running.add(poll);
    return poll;
  }

  private async run(
    node: NodeId,
    lane: number,
    positions: readonly Position[],
    maxWaitMs: number,
  ): Promise<void> {
    const { wire, clock } = this.asking;
    let failed = false;
    try {
      const outcomes = await sendFetch(wire, {
        node,
        positions,
        limits,
        maxWaitMs,
        lane: `poll-${lane}`,
        ids: this.ids,
      });
      for (const outcome of outcomes) {
        if (!('records' in outcome)) failed = true;
        else if (outcome.records.nextOffset > outcome.position.offset) {
          this.kept.keep(outcome.records);
        }
      }
    } catch {
      // The next fetch meets the same failure and reacts to it.
      failed = true;
    }
    if (failed) await pause(clock, Math.min(maxWaitMs, failedWaitMs));
  }
}
