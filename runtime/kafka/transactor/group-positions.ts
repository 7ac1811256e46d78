import type { Clock } from '../../../topology/core/clock.ts';
import type { StreamsError } from '../../../topology/core/errors.ts';
import type { Position } from '../../ports.ts';
import { fenced } from '../../log/log-errors.ts';
import { call } from '../client.ts';
import type { KafkaMembership } from '../group/kafka-membership.ts';
import { byTopic } from '../leaders.ts';
import { offsetCommit } from '../messages/offset-commit.ts';
import { txnOffsetCommit } from '../messages/txn-offset-commit.ts';
import { passes, Patience, reactionOf } from '../patience.ts';
import { pause } from '../../pause.ts';
import type { KafkaWire, NodeId } from '../wire.ts';
import type { ProducerIdentity } from './transaction-coordinator.ts';
import { transactionAborted } from './transactor-errors.ts';
import { Refusal } from './transaction-reactions.ts';

/** Positions of a member's tasks on their way to its group. */
export interface GroupPositions {
  readonly wire: KafkaWire;
  readonly clock: Clock;
  readonly membership: KafkaMembership;
  /** The member's incarnation when the transaction began. In another one it has lost all in between, and others may have worked on what it has by now (E6). */
  readonly incarnation: number | undefined;
  readonly positions: readonly Position[];
  /** How long to try again, and to wait for a join that is under way, ms. */
  readonly patienceMs: number;
  readonly requestTimeoutMs: number;
  /** The transaction that they belong to; undefined: none. */
  readonly transaction?: {
    readonly transactionalId: string;
    readonly identity: ProducerIdentity;
    readonly version: number;
  };
}

/** Between two looks at whether the member has joined again, ms. */
const joinPollMs = 20;

const rebalanceInProgress = 27;

/**
 * Writes the positions, fenced by member id, generation and instance id (KIP-447, E3). While a join is under way the broker may be a generation ahead: then it
 * waits for the new generation, and goes on with that if the member still has all partitions.
 * @throws {Refusal} `generation` when partitions are gone or the group was not ready in time, and others
 * @throws {StreamsError} TRANSACTION_ABORTED when the member was expelled and has joined anew since
 * @throws {TaskMigratedError} FENCED when the membership has ended
 */
export async function writePositions(group: GroupPositions): Promise<void> {
  const { wire, clock, membership, incarnation, patienceMs } = group;
  const what = `write positions of group "${membership.group}"`;
  const deadlineMs = clock.monotonic() + patienceMs;
  const patience = new Patience(clock, patienceMs);
  let refresh = false;
  for (;;) {
    let failure: unknown;
    try {
      const node = await wire.coordinator(membership.group, 'group', refresh);
      if (membership.incarnation !== incarnation) throw expelledMeanwhile(group);
      const { generation } = membership;
      const code = await send(group, node);
      if (code === 0) return;
      const refusal = new Refusal(code, what);
      if (membership.incarnation !== incarnation) throw expelledMeanwhile(group);
      if (refusal.reaction === 'generation') {
        const ready = (): boolean =>
          code === rebalanceInProgress
            ? !membership.joining
            : membership.generation !== generation && membership.doubtful !== true;
        if (!(await becomes(ready, group, deadlineMs))) throw refusal;
        continue;
      }
      if (refusal.reaction !== 'retry') throw refusal;
      failure = refusal.error;
    } catch (error) {
      if (error instanceof Refusal || !passes(error)) throw error;
      failure = error;
    }
    await patience.after(failure, what);
    refresh = reactionOf(failure) !== 'retry';
  }
}

function expelledMeanwhile({ membership }: GroupPositions): StreamsError {
  return transactionAborted(membership.group, 'its member was expelled meanwhile');
}

/**
 * Waits until the group may take the same positions of the member. What is waited for differs, and is no more than that:
 *
 * - ILLEGAL_GENERATION: for another generation, not for its sync. The leader syncs when it has read what this very transaction may hold up.
 * - REBALANCE_IN_PROGRESS: for the sync. The generation is the right one; what the sync has this member give up may wait for this very commit.
 *
 * @returns false: a partition is gone, or it did not come by the deadline
 */
async function becomes(
  ready: () => boolean,
  group: GroupPositions,
  deadlineMs: number,
): Promise<boolean> {
  const { clock, membership, incarnation, positions } = group;
  for (;;) {
    const leftMs = deadlineMs - clock.monotonic();
    if (leftMs <= 0) return false;
    // By a timer each time: other promises of the member may be settled while nothing has changed.
    await pause(clock, Math.min(leftMs, joinPollMs));
    if (membership.ended === true) throw fenced(membership.group, 'this member has left');
    if (membership.incarnation !== incarnation) throw expelledMeanwhile(group);
    if (!positions.every((it) => membership.owns(it))) return false;
    if (ready()) return true;
  }
}

async function send(group: GroupPositions, node: NodeId): Promise<number> {
  const { wire, membership, positions, transaction } = group;
  const { requestTimeoutMs: timeoutMs } = group;
  const { group: groupId, memberId, generation: generationId } = membership;
  const groupInstanceId = membership.instanceId;
  const topics = byTopic(positions).map(([name, items]) => ({
    name,
    partitions: items.map(({ partition, offset }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      committedMetadata: '',
    })),
  }));
  const member = { groupId, memberId, generationId, groupInstanceId, topics };
  if (transaction === undefined) {
    const response = await call(wire, node, offsetCommit, member, { timeoutMs });
    return firstCode(response.topics);
  }
  const { transactionalId, identity, version } = transaction;
  const { producerId, epoch: producerEpoch } = identity;
  const request = { ...member, transactionalId, producerId, producerEpoch };
  const response = await call(wire, node, txnOffsetCommit, request, { timeoutMs, version });
  return firstCode(response.topics);
}

function firstCode(
  topics: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[],
): number {
  for (const { partitions } of topics) {
    for (const { errorCode } of partitions) if (errorCode !== 0) return errorCode;
  }
  return 0;
}
