import { expect, test } from 'vitest';
import { systemClock } from '../../../../runtime/app/system-clock.ts';
import { initProducerId } from '../../../../runtime/kafka/messages/init-producer-id.ts';
import { outsideGroup } from '../../../../runtime/kafka/outside-group.ts';
import { IdempotentTransactor } from '../../../../runtime/kafka/transactor/idempotent-transactor.ts';
import type { RawRequest } from '../../../../runtime/kafka/wire.ts';
import { unreachable } from '../../../../runtime/kafka/wire-error.ts';
import { batchOf, plain } from '../../codec/records.ts';
import { ModelLeader } from './model-leader.ts';

/** Three brokers, of which the first does not answer. */
class ModelBrokers extends ModelLeader {
  readonly asked: number[] = [];
  away = false;

  override async rpc(node: number, request: RawRequest): Promise<Buffer> {
    if (request.apiKey !== initProducerId.key) return super.rpc(node, request);
    this.asked.push(node);
    if (node === 1) throw unreachable('broker 1', 'refused');
    const answer = { throttleTimeMs: 0, errorCode: 0, producerId: 7, producerEpoch: 0 };
    return initProducerId.encodeResponse(answer, request.version);
  }

  override async topics(names: readonly string[]): ReturnType<ModelLeader['topics']> {
    if (this.away) throw unreachable('any broker', 'refused');
    return super.topics(names);
  }

  override async cluster(): ReturnType<ModelLeader['cluster']> {
    const nodes = [1, 2, 3].map((id) => ({ id, host: 'model', port: id }));
    return { clusterId: 'model', controller: 1, nodes };
  }

  override async versions(): ReturnType<ModelLeader['versions']> {
    return new Map([...(await super.versions()), [initProducerId.key, initProducerId.versions]]);
  }
}

test('IdempotentTransactor gets its id from another broker where one is away', async () => {
  const wire = new ModelBrokers();
  const options = { wire, clock: systemClock, compression: 'none', patienceMs: 10_000 } as const;
  const transactor = new IdempotentTransactor(options);
  const append = { topic: 't', partition: 0, batch: batchOf(plain('k', 'v')), records: 1 };
  const commit = () =>
    transactor.commit({ appends: [append], positions: [] }, outsideGroup('g', 's'));
  await commit();
  expect(wire.asked).toEqual([1, 2]);

  wire.away = true;
  await expect(commit()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
});
