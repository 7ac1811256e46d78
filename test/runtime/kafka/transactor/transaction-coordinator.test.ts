import { expect, test } from 'vitest';
import { endTxn } from '../../../../runtime/kafka/messages/end-txn.ts';
import { TransactionCoordinator } from '../../../../runtime/kafka/transactor/transaction-coordinator.ts';
import type { KafkaWire } from '../../../../runtime/kafka/wire.ts';
import type { Clock } from '../../../../topology/core/clock.ts';

const producerFenced = 90;
const version = 3;

/** Time passes as soon as somebody waits. */
const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: (_, action) => {
    queueMicrotask(action);
    return () => {};
  },
};

/** A coordinator that gives these answers to EndTxn, one after the other. */
function coordinatorOf(codes: number[]): TransactionCoordinator {
  const wire: Partial<KafkaWire> = {
    coordinator: async () => 1,
    rpc: async () => {
      const errorCode = codes.shift() ?? 0;
      const response = { throttleTimeMs: 0, errorCode, producerId: 1, producerEpoch: 0 };
      return endTxn.encodeResponse(response, version);
    },
  };
  return new TransactionCoordinator({
    wire: wire as KafkaWire,
    clock,
    transactionalId: 'id',
    transactionTimeoutMs: 1000,
    requestTimeoutMs: 1000,
  });
}

test.each([
  ['the broker ran out of time', 7, true],
  ['the coordinator could not append it to all replicas', 15, true],
  ['the coordinator lost its place while it appended it', 16, true],
  ['the coordinator is loading', 14, false],
  ['the transaction before it is being ended', 51, false],
])('after %s (%i), an end that is then fenced may have been carried out: %s', async (...row) => {
  const [, code, unanswered] = row;
  const ended = coordinatorOf([code, producerFenced]).end(
    { producerId: 1, epoch: 0 },
    'commit',
    version,
  );
  await expect(ended).rejects.toMatchObject({ code: producerFenced, unanswered });
});
