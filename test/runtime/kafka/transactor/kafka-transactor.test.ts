import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../runtime/app/system-clock.ts';
import type { KafkaMembership } from '../../../../runtime/kafka/group/kafka-membership.ts';
import { endTxn } from '../../../../runtime/kafka/messages/end-txn.ts';
import { initProducerId } from '../../../../runtime/kafka/messages/init-producer-id.ts';
import { produce } from '../../../../runtime/kafka/messages/produce.ts';
import { KafkaTransactor } from '../../../../runtime/kafka/transactor/kafka-transactor.ts';
import { protocols } from '../../../../runtime/kafka/transactor/transaction-protocol.ts';
import type { RawRequest } from '../../../../runtime/kafka/wire.ts';
import { unreachable } from '../../../../runtime/kafka/wire-error.ts';
import { batchOf, plain } from '../../codec/records.ts';
import { outsideGroup } from '../../../../runtime/kafka/outside-group.ts';
import { ModelLeader } from './model-leader.ts';

/** A coordinator beside the leader: EndTxn as the test plans it. */
class ModelBrokers extends ModelLeader {
  readonly ends: { readonly committed: boolean; readonly epoch: number }[] = [];
  /** Error codes of the next EndTxn; 'down': no answer. */
  readonly plannedEnds: (number | 'down')[] = [];
  inits = 0;

  override async rpc(node: number, request: RawRequest): Promise<Buffer> {
    const { version, body } = request;
    if (request.apiKey === produce.key) return super.rpc(node, request);
    if (request.apiKey === initProducerId.key) {
      this.inits++;
      const answer = { throttleTimeMs: 0, errorCode: 0, producerId: 7, producerEpoch: 0 };
      return initProducerId.encodeResponse(answer, version);
    }
    const { committed, producerEpoch: epoch } = endTxn.decodeRequest(body, version);
    this.ends.push({ committed, epoch });
    const planned = this.plannedEnds.shift() ?? 0;
    if (planned === 'down') throw unreachable('the coordinator', 'refused');
    const answer = {
      throttleTimeMs: 0,
      errorCode: planned,
      producerId: 7,
      producerEpoch: epoch + 1,
    };
    return endTxn.encodeResponse(answer, version);
  }

  override async versions(): ReturnType<ModelLeader['versions']> {
    return new Map([
      [produce.key, produce.versions],
      [initProducerId.key, initProducerId.versions],
      [endTxn.key, endTxn.versions],
    ]);
  }
}

let brokers: ModelBrokers;
let transactor: KafkaTransactor;
let member: KafkaMembership;

beforeEach(async () => {
  brokers = new ModelBrokers();
  member = outsideGroup('shop', 's0');
  transactor = await KafkaTransactor.open({
    wire: brokers,
    clock: systemClock,
    transactionalId: 'shop-s0',
    protocol: protocols[2],
    transactionTimeoutMs: 10_000,
    compression: 'none',
    patienceMs: 10_000,
  });
});

function commit(value: string): Promise<unknown> {
  const append = { topic: 't', partition: 0, batch: batchOf(plain('k', value)), records: 1 };
  return transactor.commit({ appends: [append], positions: [] }, member);
}

describe('KafkaTransactor', () => {
  test('sends nothing for a transaction without anything in it', async () => {
    expect(await transactor.commit({ appends: [], positions: [] }, member)).toEqual({
      baseOffsets: [],
    });
    expect(brokers.ends).toEqual([]);
  });

  test('asks for the end of a transaction until there is an answer', async () => {
    brokers.plannedEnds.push('down', 16, 51, 14);
    await commit('v');
    expect(brokers.ends).toEqual(Array.from({ length: 5 }, () => ({ committed: true, epoch: 0 })));
  });

  test('uses the epoch that the end of the last transaction gave', async () => {
    brokers.plannedEnds.push(0);
    await commit('v');
    brokers.planned.set('t-0', [45]);
    await expect(commit('w')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(brokers.ends).toEqual([
      { committed: true, epoch: 0 },
      { committed: false, epoch: 1 },
    ]);
  });

  test('raises the epoch itself when the coordinator knows of nothing to abort', async () => {
    brokers.planned.set('t-0', [45]);
    brokers.plannedEnds.push(48);
    await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(brokers.inits).toBe(2);
  });

  test('is fenced for good when the coordinator says so', async () => {
    brokers.plannedEnds.push(90, 90);
    await expect(commit('v')).rejects.toMatchObject({ code: 'FENCED' });
    const requests = brokers.requests;
    await expect(commit('w')).rejects.toMatchObject({ code: 'FENCED' });
    expect(brokers.requests).toBe(requests);
  });

  test('aborts before what the user has to change is said', async () => {
    brokers.planned.set('t-0', [29]);
    await expect(commit('v')).rejects.toMatchObject({ code: 'KAFKA_RIGHTS' });
    expect(brokers.ends).toEqual([{ committed: false, epoch: 0 }]);
  });

  test('lets go of a commit whose outcome nobody can tell when it is closed', async () => {
    brokers.plannedEnds.push(...Array.from({ length: 100 }, () => 'down' as const));
    const committing = commit('v');
    committing.catch(() => {});
    while (brokers.ends.length < 3) await new Promise((resolve) => setImmediate(resolve));
    await transactor.close();
    await expect(committing).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
  });
});
