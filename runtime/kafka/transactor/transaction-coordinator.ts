import type { Clock } from '../../../topology/core/clock.ts';
import { ConfigError } from '../../../topology/core/errors.ts';
import type { TopicPartition } from '../../../topology/core/topic-partition.ts';
import { call } from '../client.ts';
import { byTopic } from '../leaders.ts';
import { addOffsetsToTxn } from '../messages/add-offsets-to-txn.ts';
import { addPartitionsToTxn } from '../messages/add-partitions-to-txn.ts';
import {
  type DescribedTransaction,
  describeTransactions,
} from '../messages/describe-transactions.ts';
import { endTxn } from '../messages/end-txn.ts';
import { initProducerId } from '../messages/init-producer-id.ts';
import { passes, Patience, reactionOf } from '../patience.ts';
import type { Api } from '../protocol/api.ts';
import type { KafkaWire } from '../wire.ts';
import { WireError } from '../wire-error.ts';
import { Refusal } from './transaction-reactions.ts';

/** A producer as the brokers know it. */
export interface ProducerIdentity {
  readonly producerId: number;
  readonly epoch: number;
}

export interface CoordinatorOptions {
  readonly wire: KafkaWire;
  readonly clock: Clock;
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

const invalidTransactionTimeout = 50;
const transactionalIdNotFound = 105;
const concurrentTransactions = 51;

/**
 * REQUEST_TIMED_OUT, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR: a coordinator says so, too, when its append to the transaction log ran out of time or of
 * replicas (`TransactionStateManager.appendTransactionToLog`), and what was appended may yet count.
 */
const unclear: readonly number[] = [7, 15, 16];

/**
 * Requests to the coordinator of one transactional id. Each is repeated until it is answered or its patience is at an end: a repeat does no harm to any of them.
 * All throw {@link Refusal} for an error code that does not pass by itself.
 */
export class TransactionCoordinator {
  private readonly options: CoordinatorOptions;
  private stopped = false;

  constructor(options: CoordinatorOptions) {
    this.options = options;
  }

  /** From now on a request that fails is not repeated: whoever waits for it learns what it failed with. */
  stop(): void {
    this.stopped = true;
  }

  /**
   * Takes the transactional id: fences who had it, and waits until what that one left open is aborted. With an identity: raises its own epoch.
   * @throws {ConfigError} TRANSACTION_TIMEOUT
   */
  async init(patienceMs: number, own?: ProducerIdentity): Promise<ProducerIdentity> {
    const { transactionalId, transactionTimeoutMs } = this.options;
    try {
      const { producerId, producerEpoch } = await this.ask(
        initProducerId,
        {
          transactionalId,
          transactionTimeoutMs,
          producerId: own?.producerId ?? -1,
          producerEpoch: own?.epoch ?? -1,
        },
        (response) => response.errorCode,
        { patienceMs, what: `open transactional id "${transactionalId}"` },
      );
      return { producerId, epoch: producerEpoch };
    } catch (error) {
      if (error instanceof Refusal && error.code === invalidTransactionTimeout) {
        throw new ConfigError(
          'TRANSACTION_TIMEOUT',
          `the transaction time-out of ${transactionTimeoutMs} ms is above what the brokers allow ` +
            '(transaction.max.timeout.ms): lower it, or raise theirs',
        );
      }
      throw error;
    }
  }

  async addPartitions(
    { producerId, epoch }: ProducerIdentity,
    partitions: readonly TopicPartition[],
    patienceMs: number,
  ): Promise<void> {
    const { transactionalId } = this.options;
    await this.ask(
      addPartitionsToTxn,
      {
        transactionalId,
        producerId,
        producerEpoch: epoch,
        topics: byTopic(partitions).map(([name, items]) => ({
          name,
          partitions: items.map(({ partition }) => partition),
        })),
      },
      ({ resultsByTopic }) => {
        const codes = resultsByTopic.flatMap(({ resultsByPartition }) =>
          resultsByPartition.map((it) => it.partitionErrorCode),
        );
        return mostTelling(codes);
      },
      { patienceMs, what: `write in transactions of "${transactionalId}"` },
    );
  }

  async addOffsets(
    { producerId, epoch }: ProducerIdentity,
    groupId: string,
    patienceMs: number,
  ): Promise<void> {
    const { transactionalId } = this.options;
    await this.ask(
      addOffsetsToTxn,
      { transactionalId, producerId, producerEpoch: epoch, groupId },
      (response) => response.errorCode,
      { patienceMs, what: `write positions of group "${groupId}"` },
    );
  }

  /** Ends the transaction and gives the identity for the next one. Asks until it has an answer: the outcome must be known (E2). */
  async end(
    identity: ProducerIdentity,
    how: 'commit' | 'abort',
    version: number,
  ): Promise<ProducerIdentity> {
    const { transactionalId } = this.options;
    const { producerId, producerEpoch } = await this.ask(
      endTxn,
      {
        transactionalId,
        producerId: identity.producerId,
        producerEpoch: identity.epoch,
        committed: how === 'commit',
      },
      (response) => response.errorCode,
      { patienceMs: Infinity, what: `${how} a transaction of "${transactionalId}"`, version },
    );
    return producerId < 0 ? identity : { producerId, epoch: producerEpoch };
  }

  /**
   * Takes the id again after the brokers have aborted a transaction of this identity that was open for too long, which fences its producer.
   * Undefined: somebody else has opened the id since, and keeps it.
   */
  async retake(own: ProducerIdentity, patienceMs: number): Promise<ProducerIdentity | undefined> {
    const { clock, transactionalId } = this.options;
    const what = `end a transaction of "${transactionalId}" that was open for too long`;
    const patience = new Patience(clock, patienceMs);
    let found = await this.describe(patienceMs);
    while (isBeingAborted(found)) {
      await patience.after(new Refusal(concurrentTransactions, what).error, what);
      found = await this.describe(patienceMs);
    }
    if (found === undefined) return this.init(patienceMs);
    const { producerId, producerEpoch: epoch, transactionState } = found;
    // The brokers' own abort raises the epoch once, and each opening once more.
    const ownTimeOut =
      producerId === own.producerId &&
      epoch === own.epoch + 1 &&
      transactionState === 'CompleteAbort';
    if (!ownTimeOut) return undefined;
    try {
      // Only from that very epoch: one that opens the id at this moment keeps it.
      return await this.init(patienceMs, { producerId, epoch });
    } catch (error) {
      if (error instanceof Refusal && error.reaction === 'fenced') return undefined;
      throw error;
    }
  }

  /** What the coordinator has of the transactional id; undefined: nobody has opened it, or it was forgotten. */
  private async describe(patienceMs: number): Promise<DescribedTransaction | undefined> {
    const { transactionalId } = this.options;
    const { transactionStates } = await this.ask(
      describeTransactions,
      { transactionalIds: [transactionalId] },
      ({ transactionStates: [state] }) => {
        const code = state?.errorCode ?? transactionalIdNotFound;
        return code === transactionalIdNotFound ? 0 : code;
      },
      { patienceMs, what: `say who has transactional id "${transactionalId}"` },
    );
    return transactionStates.find(({ errorCode }) => errorCode === 0);
  }

  private async ask<Request, Response>(
    api: Api<Request, Response>,
    request: Request,
    codeIn: (response: Response) => number,
    how: { readonly patienceMs: number; readonly what: string; readonly version?: number },
  ): Promise<Response> {
    const { wire, clock, transactionalId, requestTimeoutMs: timeoutMs } = this.options;
    const { what, version } = how;
    const patience = new Patience(clock, how.patienceMs);
    let refresh = false;
    let unanswered = false;
    for (;;) {
      let failure: unknown;
      try {
        const node = await wire.coordinator(transactionalId, 'transaction', refresh);
        const options = version === undefined ? { timeoutMs } : { timeoutMs, version };
        const response = await call(wire, node, api, request, options);
        const code = codeIn(response);
        if (code === 0) return response;
        const refusal = new Refusal(code, what);
        refusal.unanswered = unanswered;
        if (refusal.reaction !== 'retry') throw refusal;
        unanswered ||= unclear.includes(code);
        failure = refusal.error;
      } catch (error) {
        if (error instanceof Refusal || !passes(error)) throw error;
        unanswered ||= error instanceof WireError && error.outcome === 'unknown';
        failure = error;
      }
      if (this.stopped) throw failure;
      await patience.after(failure, what);
      refresh = reactionOf(failure) !== 'retry';
    }
  }
}

/** True while markers of an abort are written; the epoch may yet be raised by then. */
function isBeingAborted(found: DescribedTransaction | undefined): boolean {
  const state = found?.transactionState;
  return state === 'PrepareAbort' || state === 'PrepareEpochFence';
}

/** Of the codes of several partitions the one that decides: with one refused (55 is what the others say then) none is added. */
function mostTelling(codes: readonly number[]): number {
  const failures = codes.filter((code) => code !== 0);
  return failures.find((code) => code !== 55) ?? failures[0] ?? 0;
}
