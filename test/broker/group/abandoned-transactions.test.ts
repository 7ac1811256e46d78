import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { openWire } from '../../../runtime/kafka/carrier/open-wire.ts';
import { call } from '../../../runtime/kafka/client.ts';
import { openKafkaLog } from '../../../runtime/kafka/kafka-log.ts';
import { describeTransactions } from '../../../runtime/kafka/messages/describe-transactions.ts';
import { endAbandoned } from '../../../runtime/kafka/transactor/abandoned-transactions.ts';
import { TransactionCoordinator } from '../../../runtime/kafka/transactor/transaction-coordinator.ts';
import type { KafkaWire } from '../../../runtime/kafka/wire.ts';
import { requireKafka, uniqueName } from '../harness/require.ts';
import { createTopic, kafkaJs } from '../kafkajs-client.ts';
import { BrokerMember, until } from './group-members.ts';

const kafka = requireKafka();
/** The coordinator of a fresh cluster may have to come up first, ms. */
const patienceMs = 60_000;
let wire: KafkaWire;

beforeAll(async () => {
  wire = await openWire({ kafka: { brokers: kafka().brokers }, clock: systemClock });
});

afterAll(() => wire?.close());

/** Opens a transaction, and leaves it so for ten minutes. */
async function abandon(transactionalId: string): Promise<void> {
  const coordinator = new TransactionCoordinator({
    wire,
    clock: systemClock,
    transactionalId,
    transactionTimeoutMs: 600_000,
    requestTimeoutMs: 10_000,
  });
  const identity = await coordinator.init(patienceMs);
  await coordinator.addOffsets(identity, transactionalId, patienceMs);
}

async function state(transactionalId: string): Promise<string | undefined> {
  const node = await wire.coordinator(transactionalId, 'transaction');
  const { transactionStates } = await call(wire, node, describeTransactions, {
    transactionalIds: [transactionalId],
  });
  return transactionStates[0]?.transactionState;
}

describe('endAbandoned', () => {
  test('ends a transaction that was left open', async () => {
    const id = uniqueName('slot');
    await abandon(id);
    expect(await state(id)).toBe('Ongoing');
    await endAbandoned({ wire, clock: systemClock }, [id, uniqueName('never-was')]);
    expect(await state(id)).not.toBe('Ongoing');
  });

  test('lets a producer be that is at work', async () => {
    const application = uniqueName('shop');
    await createTopic(kafkaJs(kafka().brokers), application, 1);
    const log = await openKafkaLog({
      kafka: { brokers: kafka().brokers },
      application,
      clock: systemClock,
      random: Math.random,
    });
    const quiet = async (): Promise<void> => {};
    const membership = await log.join(
      { group: application, topics: [application], slot: 'a' },
      { assigned: quiet, revoked: quiet, lost: quiet },
    );
    const transactor = await log.transactor('a');
    const commit = (offset: number) =>
      transactor.commit(
        { appends: [], positions: [{ topic: application, partition: 0, offset }] },
        membership,
      );
    await commit(1);
    const ended = { value: false };
    void endAbandoned({ wire, clock: systemClock }, [`${application}-a`]).then(
      () => (ended.value = true),
    );
    for (let offset = 2; !ended.value; offset++) await commit(offset);
    await commit(1_000_000);
    await log.close();
  });
});

test('what a member left open when it was expelled is ended by another one', async () => {
  const { brokers } = kafka();
  const [topic, group] = [uniqueName('in'), uniqueName('shop')];
  await createTopic(kafkaJs(brokers), topic, 2);
  const membership = { sessionTimeoutMs: 6000 };
  const gone = await BrokerMember.join({ brokers, group, topic, slot: 'gone', membership });
  const heir = await BrokerMember.join({ brokers, group, topic, slot: 'heir', membership });
  await until(() => gone.has.size === 1 && heir.has.size === 1);
  await abandon(`${group}-gone`);
  await gone.close();
  await until(() => heir.has.size === 2);
  await until(async () => (await state(`${group}-gone`)) !== 'Ongoing');
  await heir.leave();
});
