import { TaskMigratedError } from '../../../topology/core/errors.ts';
import type { Clock } from '../../../topology/core/clock.ts';
import type { Compression } from '../../codec/compression.ts';
import { fenced } from '../../log/log-errors.ts';
import type { Committed, Membership, Position, Transaction, Transactor } from '../../ports.ts';
import type { KafkaMembership } from '../group/kafka-membership.ts';
import { pause } from '../../pause.ts';
import type { KafkaWire } from '../wire.ts';
import { BatchLimits } from './batch-limits.ts';
import { type GroupPositions, writePositions } from './group-positions.ts';
import { outgoingBatches, type OutgoingPartition } from './outgoing-batches.ts';
import { produceAll } from './produce-run.ts';
import { RivalWatch } from './rival-watch.ts';
import { Sequences } from './sequences.ts';
import { type ProducerIdentity, TransactionCoordinator } from './transaction-coordinator.ts';
import type { TransactionProtocol } from './transaction-protocol.ts';
import { Refusal } from './transaction-reactions.ts';
import { commitUnknown, transactionAborted } from './transactor-errors.ts';
import { baseOffsetsOf, failureOf, findTopics, onKafka } from './transactor-outcome.ts';

export interface TransactorOptions {
  readonly wire: KafkaWire;
  readonly clock: Clock;
  readonly transactionalId: string;
  readonly protocol: TransactionProtocol;
  /** After this the brokers abort a transaction by themselves, ms. */
  readonly transactionTimeoutMs: number;
  readonly compression: Compression;
  /** How long opening may take, ms: the brokers may have to come up first. */
  readonly patienceMs: number;
}

/** Shares of the transaction's time-out: for trying again, and for one request. Together they end before the brokers lose their patience. */
const patienceShare = 0.6;
const requestShare = 0.35;

const invalidTxnState = 48;

const advice = 'give each process a data folder of its own';
/** The end of a member whose instance id another process has. */
const placeTaken = `another process has taken this place: ${advice}`;
/** The end of a member that no instance id tells from another one of its slot. */
const usedByRival = `another process uses it again and again: ${advice}`;

/** A member, and its incarnation when the transaction began. */
type MemberThen = Pick<GroupPositions, 'membership' | 'incarnation'>;

/**
 * The transactional producer of a member. Steps of a commit; an error in one of the first three aborts:
 *
 * 1. Nothing is sent yet: topics are there, the partitions are still this member's.
 * 2. Protocol 1: partitions and group join the transaction. Protocol 2: the brokers do that.
 * 3. Batches go to their partitions, positions to the group (E3). The group refuses those of a member that is none any more.
 * 4. EndTxn. It is asked for until there is an answer: the outcome is known when `commit` settles (E2).
 *
 * After a crash the next opening of the same id aborts what was left open, at once.
 *
 * A producer that is fenced says nothing about the member: an heir ends what a silent member left open, the brokers what was open for too long, and both fence the
 * producer. Whose the slot is the group knows alone. Where this member still is its holder, the transaction counts as aborted, and the id is taken again before
 * the next one; an expelled member loses everything and joins anew; only one whose place another process has taken is at its end. Outside of a group the
 * coordinator is asked whether anybody has opened the id since.
 *
 * After an abort a Produce may still be on its way. It must not join the next transaction: protocol 1 raises the epoch, protocol 2 does so at every end.
 */
export class KafkaTransactor implements Transactor {
  private readonly options: TransactorOptions;
  private readonly coordinator: TransactionCoordinator;
  private readonly sequences = new Sequences();
  private readonly limits = new BatchLimits();
  private readonly patienceMs: number;
  private readonly requestTimeoutMs: number;
  private identity: ProducerIdentity = { producerId: -1, epoch: -1 };
  /** When the last transaction began; undefined: it has been committed or aborted. */
  private openSinceMs: number | undefined;
  /** The transaction's commit has been asked for. */
  private ending = false;
  /** Why the id is to be taken again before the next transaction: another producer has it, or had it; or an abort was refused. */
  private lost: 'fenced' | 'unsettled' | undefined;
  private readonly rivals: RivalWatch;
  /** Why nothing can be committed any more. */
  private ended: string | undefined;

  /**
   * Takes the transactional id: fences its last user, and aborts what that one left open.
   * @throws {ConfigError} TRANSACTION_TIMEOUT, KAFKA_RIGHTS
   */
  static async open(options: TransactorOptions): Promise<KafkaTransactor> {
    const transactor = new KafkaTransactor(options);
    try {
      await transactor.reopen();
    } catch (error) {
      throw error instanceof Refusal ? error.error : error;
    }
    return transactor;
  }

  private constructor(options: TransactorOptions) {
    this.options = options;
    this.rivals = new RivalWatch(options.clock);
    this.patienceMs = options.transactionTimeoutMs * patienceShare;
    this.requestTimeoutMs = options.transactionTimeoutMs * requestShare;
    this.coordinator = new TransactionCoordinator({
      ...options,
      requestTimeoutMs: this.requestTimeoutMs,
    });
  }

  /** See `Transactor.commit`. One at a time. */
  async commit(transaction: Transaction, membership: Membership): Promise<Committed> {
    const { appends, positions } = transaction;
    const member = onKafka(membership);
    const { incarnation } = member;
    this.check(member);
    if (appends.length === 0 && positions.length === 0) return { baseOffsets: [] };
    if (this.lost !== undefined) await this.takeAgain(member);
    await findTopics(this.options.wire, [...appends, ...positions], member);
    this.checkOwned(positions, member);
    const outgoing = outgoingBatches(
      appends,
      (topic) => this.limits.of(topic),
      this.options.compression,
    );
    this.ending = false;
    try {
      if (this.openSinceMs !== undefined) await this.abort();
      this.openSinceMs = this.options.clock.monotonic();
      await this.write(outgoing, positions, { membership: member, incarnation });
      this.ending = true;
      this.identity = await this.coordinator.end(
        this.identity,
        'commit',
        this.options.protocol.endTxn,
      );
      this.openSinceMs = undefined;
      if (this.options.protocol.number === 2) this.sequences.reset();
    } catch (error) {
      throw await this.giveUp(error, { membership: member, incarnation });
    }
    return { baseOffsets: baseOffsetsOf(outgoing) };
  }

  /** A commit under way goes on, but no longer tries again: where brokers are away its outcome stays unknown, to be settled when the slot is opened again. */
  async close(): Promise<void> {
    this.ended ??= 'its producer is closed';
    this.coordinator.stop();
  }

  private check(member: KafkaMembership): void {
    if (this.ended !== undefined) throw fenced(member.group, this.endText());
    if (member.ended === true) {
      throw fenced(member.group, `member "${member.memberId}" is not in it`);
    }
  }

  private checkOwned(positions: readonly Position[], member: KafkaMembership): void {
    const lost = positions.find((it) => !member.owns(it));
    if (lost === undefined) return;
    const { topic, partition } = lost;
    throw transactionAborted(member.group, `${topic}-${partition} is not this member's any more`);
  }

  private async write(
    outgoing: readonly OutgoingPartition[],
    positions: readonly Position[],
    member: MemberThen,
  ): Promise<void> {
    const { wire, clock, transactionalId, protocol } = this.options;
    const { coordinator, identity, patienceMs, requestTimeoutMs } = this;
    if (protocol.number === 1) {
      if (outgoing.length > 0) await coordinator.addPartitions(identity, outgoing, patienceMs);
      if (positions.length > 0) {
        await coordinator.addOffsets(identity, member.membership.group, patienceMs);
      }
    }
    const shared = { wire, clock, requestTimeoutMs, patienceMs };
    const records = (): Promise<void> =>
      produceAll(
        {
          ...shared,
          ...identity,
          transactionalId,
          sequences: this.sequences,
          version: protocol.produce,
          repeatUnanswered: false,
        },
        outgoing,
      );
    const offsets = async (): Promise<void> => {
      if (positions.length === 0) return;
      const version = protocol.txnOffsetCommit;
      const transaction = { transactionalId, identity, version };
      await writePositions({ ...shared, ...member, positions, transaction });
    };
    if (protocol.number === 2) {
      // One after the other: a coordinator that adds two things at once has one of them wait.
      await records();
      await offsets();
      return;
    }
    // Nothing may be under way when the abort begins.
    const outcomes = await Promise.allSettled([records(), offsets()]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /**
   * Aborts, and says what the failure is for the engine. What a refused abort calls for:
   *
   * - `fenced`: the group, or outside of it the coordinator, says whose the id is, see {@link fencedBy};
   * - what the user has to change (rights, versions): that is the failure; the next opening of the id ends what is open;
   * - anything else: producer and coordinator do not agree about the transaction. The id is taken again before the next one, which ends what is open; the
   *   failure is what it would have been.
   */
  private async giveUp(failure: unknown, was: MemberThen): Promise<unknown> {
    const { membership: member } = was;
    // A commit that was asked for, and not answered or answered by a broker that failed, may have been carried out.
    const unclear =
      this.ending &&
      failure instanceof Refusal &&
      (failure.unanswered || failure.codeReaction === 'fatal');
    let known = !unclear;
    try {
      // A partition's leader may take an epoch for an old one that is none: whether this producer is fenced is for the coordinator to say.
      known = (await this.abort()) || known;
    } catch (error) {
      if (!(error instanceof Refusal)) return error;
      if (error.reaction === 'fenced') return this.fencedBy(error, was, unclear);
      if (error.codeReaction === 'config') return error.error;
      this.lost = 'unsettled';
    }
    if (failure instanceof TaskMigratedError) return failure;
    if (!known) return this.unknown(failure as Refusal, member);
    const error = failureOf(failure, member, this.limits);
    // The engine hears of an expulsion first, lest it tries again what the group refuses.
    if (failure instanceof Refusal && failure.reaction === 'expelled') await this.heard(member);
    return error;
  }

  /** What the group has as committed tells whether the transaction was: everything is read anew from there (E2), or by the next process. */
  private unknown({ error, reaction }: Refusal, member: KafkaMembership): unknown {
    if (member.outside !== true && reaction !== 'refused') {
      member.restart?.();
      return transactionAborted(member.group, 'nobody knows whether it was committed', error);
    }
    this.ended = 'nobody knows whether its last transaction was committed';
    return commitUnknown(this.options.transactionalId, error);
  }

  /**
   * Another producer has the transactional id, or the brokers have aborted a transaction that was open for too long.
   * @param unclear - the transaction may have been committed before
   */
  private async fencedBy(
    { error }: Refusal,
    { membership: member, incarnation }: MemberThen,
    unclear: boolean,
  ): Promise<unknown> {
    const { clock, transactionTimeoutMs } = this.options;
    const openMs = clock.monotonic() - (this.openSinceMs ?? Infinity);
    this.lost = 'fenced';
    if (member.outside !== true) {
      member.expelled(error);
      await this.heard(member);
      if (member.ended === true) return this.endWith(placeTaken, member);
    }
    if (member.incarnation === incarnation) {
      const silent = openMs >= transactionTimeoutMs;
      const told = member.outside === true || member.instanceId !== null;
      if (!told && !silent && this.rivals.fencedAgain()) {
        return this.endWith(usedByRival, member);
      }
      // What the group has as committed tells whether it was: everything is read anew from there (E2).
      if (unclear) member.restart?.();
      if (silent) {
        const why = `it was open for ${Math.round(openMs)} ms, longer than its time-out`;
        return transactionAborted(member.group, why, error);
      }
    }
    return transactionAborted(member.group, 'its producer was fenced', error);
  }

  /** The id is this member's again where the group still has it in its place, or took it in anew; outside of a group, where nobody has opened it since. */
  private async takeAgain(member: KafkaMembership): Promise<void> {
    await this.heard(member);
    this.check(member);
    if (member.joining) {
      throw transactionAborted(member.group, 'the group has not said whether this member is in it');
    }
    try {
      if (member.outside === true && this.lost === 'fenced') await this.retake(member);
      else await this.reopen();
    } catch (error) {
      throw failureOf(error, member, this.limits);
    }
  }

  private async retake(member: KafkaMembership): Promise<void> {
    const identity = await this.coordinator.retake(this.identity, this.patienceMs);
    if (identity === undefined) throw this.endWith('another process uses it', member);
    this.opened(identity);
  }

  private endWith(why: string, member: KafkaMembership): TaskMigratedError {
    this.ended = why;
    return fenced(member.group, this.endText());
  }

  private endText(): string {
    return `transactional id "${this.options.transactionalId}": ${this.ended}`;
  }

  private async reopen(): Promise<void> {
    this.opened(await this.coordinator.init(this.options.patienceMs));
  }

  private opened(identity: ProducerIdentity): void {
    this.identity = identity;
    this.sequences.reset();
    this.openSinceMs = undefined;
    this.lost = undefined;
  }

  private async heard(member: KafkaMembership): Promise<void> {
    const over = new AbortController();
    const limit = pause(this.options.clock, this.patienceMs, over.signal);
    await Promise.race([member.settled(), limit]);
    over.abort();
  }

  /** False: there was nothing open that could be aborted. */
  private async abort(): Promise<boolean> {
    const { protocol } = this.options;
    let open = true;
    try {
      this.identity = await this.coordinator.end(this.identity, 'abort', protocol.endTxn);
    } catch (error) {
      if (!(error instanceof Refusal && error.code === invalidTxnState)) throw error;
      open = false;
    }
    // Where nothing had reached the coordinator, what is still on its way must be fenced nevertheless.
    if (protocol.number === 1 || !open) {
      this.identity = await this.coordinator.init(Infinity, this.identity);
    }
    this.sequences.reset();
    this.openSinceMs = undefined;
    return open;
  }
}
