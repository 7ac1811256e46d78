import type { Clock } from '../../../topology/core/clock.ts';
import { call } from '../client.ts';
import {
  type DescribedTransaction,
  describeTransactions,
} from '../messages/describe-transactions.ts';
import { pause } from '../../pause.ts';
import type { KafkaWire } from '../wire.ts';
import { TransactionCoordinator } from './transaction-coordinator.ts';
import { Refusal } from './transaction-reactions.ts';

/** A transaction that has not moved for this long belongs to nobody who works, ms; a member commits several times a second. */
const stillMs = 1000;
/** How long ending one is tried, ms: the broker's own time-out is not much longer. */
const patienceMs = 10_000;

/**
 * Ends the transactions that members left open which the group does not have any more: they hold up whoever reads committed records, and positions (design.md 5).
 * A process that came back under its id meanwhile has ended its own, and is let be: only a transaction that stands still is ended, which fences
 * the producer that began it and no later one. Settles when all is done; what cannot be done is left to the transaction time-out.
 */
export async function endAbandoned(
  asking: { readonly wire: KafkaWire; readonly clock: Clock },
  transactionalIds: readonly string[],
): Promise<void> {
  await Promise.allSettled(transactionalIds.map((id) => endIfStill(asking, id)));
}

async function endIfStill(
  { wire, clock }: { readonly wire: KafkaWire; readonly clock: Clock },
  transactionalId: string,
): Promise<void> {
  const before = await openTransaction(wire, transactionalId);
  if (before === undefined) return;
  await pause(clock, stillMs);
  const now = await openTransaction(wire, transactionalId);
  const still =
    now?.producerId === before.producerId &&
    now.producerEpoch === before.producerEpoch &&
    now.transactionStartTimeMs === before.transactionStartTimeMs;
  if (!still) return;
  const coordinator = new TransactionCoordinator({
    wire,
    clock,
    transactionalId,
    transactionTimeoutMs: before.transactionTimeoutMs,
    requestTimeoutMs: patienceMs,
  });
  // Only the producer that was seen: one that opens the id at this moment has another epoch.
  const { producerId, producerEpoch: epoch } = before;
  try {
    await coordinator.init(patienceMs, { producerId, epoch });
  } catch (error) {
    // The abort raises the epoch: the repeat that finds it done is refused.
    if (!(error instanceof Refusal && error.reaction === 'fenced')) throw error;
  }
}

async function openTransaction(
  wire: KafkaWire,
  transactionalId: string,
): Promise<DescribedTransaction | undefined> {
  const node = await wire.coordinator(transactionalId, 'transaction');
  const { transactionStates } = await call(wire, node, describeTransactions, {
    transactionalIds: [transactionalId],
  });
  return transactionStates.find((it) => it.errorCode === 0 && it.transactionState === 'Ongoing');
}
