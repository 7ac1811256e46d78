import { TaskMigratedError } from '../../../topology/core/errors.ts';
import type { Clock } from '../../../topology/core/clock.ts';
import type { Compression } from '../../codec/compression.ts';
import { fenced } from '../../log/log-errors.ts';
import type { Committed, Membership, Transaction, Transactor } from '../../ports.ts';
import { call } from '../client.ts';
import { initProducerId } from '../messages/init-producer-id.ts';
import { Patience } from '../patience.ts';
import type { KafkaWire } from '../wire.ts';
import { BatchLimits } from './batch-limits.ts';
import { writePositions } from './group-positions.ts';
import { outgoingBatches } from './outgoing-batches.ts';
import { produceAll } from './produce-run.ts';
import { Sequences } from './sequences.ts';
import type { ProducerIdentity } from './transaction-coordinator.ts';
import { Refusal } from './transaction-reactions.ts';
import { baseOffsetsOf, failureOf, findTopics, onKafka } from './transactor-outcome.ts';

export interface IdempotentOptions {
  readonly wire: KafkaWire;
  readonly clock: Clock;
  readonly compression: Compression;
  /** How long to try again what passes by itself, ms. */
  readonly patienceMs: number;
}

const requestTimeoutMs = 30_000;

/**
 * The producer of a member at least once: records first, each of them once however often its request is repeated, then the positions. What a commit wrote is
 * visible at once. When it fails, or the process ends between the two, its batches run again, and what they had written is doubled.
 */
export class IdempotentTransactor implements Transactor {
  private readonly options: IdempotentOptions;
  private readonly limits = new BatchLimits();
  private sequences = new Sequences();
  /** Undefined: to be asked for, as after each failure: what is still on its way belongs to the old one. */
  private identity: ProducerIdentity | undefined;
  private closed = false;

  constructor(options: IdempotentOptions) {
    this.options = options;
  }

  /** As `Transactor.commit`, except that nothing is taken back. */
  async commit(transaction: Transaction, membership: Membership): Promise<Committed> {
    const { wire, clock, patienceMs, compression } = this.options;
    const { appends, positions } = transaction;
    const member = onKafka(membership);
    const { incarnation } = member;
    if (this.closed) throw fenced(member.group, 'its producer is closed');
    if (member.ended === true) {
      throw fenced(member.group, `member "${member.memberId}" is not in it`);
    }
    await findTopics(wire, [...appends, ...positions], member);
    const outgoing = outgoingBatches(appends, (topic) => this.limits.of(topic), compression);
    const shared = { wire, clock, requestTimeoutMs, patienceMs };
    try {
      this.identity ??= await this.init();
      await produceAll(
        {
          ...shared,
          ...this.identity,
          transactionalId: null,
          sequences: this.sequences,
          version: undefined,
          repeatUnanswered: true,
        },
        outgoing,
      );
      if (positions.length > 0) {
        await writePositions({ ...shared, membership: member, incarnation, positions });
      }
    } catch (error) {
      this.identity = undefined;
      this.sequences = new Sequences();
      if (error instanceof TaskMigratedError) throw error;
      throw failureOf(error, member, this.limits);
    }
    return { baseOffsets: baseOffsetsOf(outgoing) };
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private async init(): Promise<ProducerIdentity> {
    const { wire, clock, patienceMs } = this.options;
    const what = 'give a producer its id';
    const patience = new Patience(clock, patienceMs);
    for (;;) {
      let failure: unknown;
      try {
        // A broker that is away is not the only one that gives ids.
        const { nodes } = await wire.cluster();
        const node = nodes[patience.failures % nodes.length];
        const { errorCode, producerId, producerEpoch } = await call(
          wire,
          node?.id ?? 0,
          initProducerId,
          { transactionalId: null, transactionTimeoutMs: 0, producerId: -1, producerEpoch: -1 },
        );
        if (errorCode === 0) return { producerId, epoch: producerEpoch };
        failure = new Refusal(errorCode, what).error;
      } catch (error) {
        failure = error;
      }
      await patience.after(failure, what);
    }
  }
}
