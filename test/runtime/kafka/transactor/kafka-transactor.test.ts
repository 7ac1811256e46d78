import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../runtime/app/system-clock.ts';
import type { KafkaMembership } from '../../../../runtime/kafka/group/kafka-membership.ts';
import { describeTransactions } from '../../../../runtime/kafka/messages/describe-transactions.ts';
import { endTxn } from '../../../../runtime/kafka/messages/end-txn.ts';
import { initProducerId } from '../../../../runtime/kafka/messages/init-producer-id.ts';
import { produce } from '../../../../runtime/kafka/messages/produce.ts';
import { KafkaTransactor } from '../../../../runtime/kafka/transactor/kafka-transactor.ts';
import { protocols } from '../../../../runtime/kafka/transactor/transaction-protocol.ts';
import type { RawRequest } from '../../../../runtime/kafka/wire.ts';
import { timedOut, unreachable } from '../../../../runtime/kafka/wire-error.ts';
import { batchOf, plain } from '../../codec/records.ts';
import { outsideGroup } from '../../../../runtime/kafka/outside-group.ts';
import { ModelLeader } from './model-leader.ts';

/** A coordinator beside the leader: EndTxn as the test plans it. */
class ModelBrokers extends ModelLeader {
  readonly ends: { readonly committed: boolean; readonly epoch: number }[] = [];
  /** Error codes of the next EndTxn; 'down': it does not arrive; 'silent': no answer. */
  readonly plannedEnds: (number | 'down' | 'silent')[] = [];
  inits = 0;
  epoch = 0;
  /** Error codes of the next InitProducerId; and the epochs that it was asked to raise. */
  readonly plannedInits: number[] = [];
  readonly raised: number[] = [];
  /** What the next DescribeTransactions say; none: nobody has opened the id. */
  readonly described: { readonly state: string; readonly epoch: number }[] = [];

  override async rpc(node: number, request: RawRequest): Promise<Buffer> {
    const { version, body } = request;
    if (request.apiKey === produce.key) return super.rpc(node, request);
    if (request.apiKey === initProducerId.key) {
      this.inits++;
      this.raised.push(initProducerId.decodeRequest(body, version).producerEpoch);
      const errorCode = this.plannedInits.shift() ?? 0;
      const answer = { throttleTimeMs: 0, errorCode, producerId: 7, producerEpoch: this.epoch };
      return initProducerId.encodeResponse(answer, version);
    }
    if (request.apiKey === describeTransactions.key) return this.describe(version);
    const { committed, producerEpoch: epoch } = endTxn.decodeRequest(body, version);
    this.ends.push({ committed, epoch });
    const planned = this.plannedEnds.shift() ?? 0;
    if (planned === 'down') throw unreachable('the coordinator', 'refused');
    if (planned === 'silent') throw timedOut('the coordinator', 'EndTxn', request.timeoutMs);
    const answer = {
      throttleTimeMs: 0,
      errorCode: planned,
      producerId: 7,
      producerEpoch: epoch + 1,
    };
    return endTxn.encodeResponse(answer, version);
  }

  private describe(version: number): Buffer {
    const found = this.described.shift();
    const transaction = {
      errorCode: found === undefined ? 105 : 0,
      transactionalId: 'shop-s0',
      transactionState: found?.state ?? '',
      transactionTimeoutMs: 10_000,
      transactionStartTimeMs: 0,
      producerId: 7,
      producerEpoch: found?.epoch ?? -1,
      topics: [],
    };
    const answer = { throttleTimeMs: 0, transactionStates: [transaction] };
    return describeTransactions.encodeResponse(answer, version);
  }

  override async versions(): ReturnType<ModelLeader['versions']> {
    return new Map([
      [produce.key, produce.versions],
      [initProducerId.key, initProducerId.versions],
      [endTxn.key, endTxn.versions],
      [describeTransactions.key, describeTransactions.versions],
    ]);
  }
}

/** A member of a group that answers as the test plans it. */
class ModelMember implements KafkaMembership {
  readonly group = 'shop';
  readonly memberId = 'm';
  readonly generation = 1;
  instanceId: string | null = 's0';
  incarnation = 0;
  joining = false;
  ended = false;
  asked = 0;
  restarts = 0;
  /** What the group's answer does to the member. */
  answer: () => unknown = () => {};

  async settled(): Promise<void> {}

  owns(): boolean {
    return true;
  }

  expelled(): void {
    this.asked++;
    this.answer();
  }

  restart(): void {
    this.restarts++;
  }

  async leave(): Promise<void> {}
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

  test('sends nothing, and is to be tried again, where no broker tells of topics', async () => {
    const topics = brokers.topics.bind(brokers);
    brokers.topics = () => Promise.reject(unreachable('any broker', 'refused'));
    await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect([brokers.requests, brokers.ends]).toEqual([0, []]);
    brokers.topics = topics;
    await commit('v');
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

  describe('outside of any group, whose producer is fenced', () => {
    beforeEach(async () => {
      brokers.plannedEnds.push(90, 90);
      await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    });

    test('goes on where the brokers did that, as its transaction was open for too long', async () => {
      brokers.described.push(
        { state: 'PrepareEpochFence', epoch: 1 },
        { state: 'PrepareAbort', epoch: 1 },
        { state: 'CompleteAbort', epoch: 1 },
      );
      brokers.epoch = 2;
      await commit('v');
      // Raised from the very epoch that was seen, so that nobody is fenced who has opened the id since.
      expect(brokers.raised).toEqual([-1, 1]);
      expect(brokers.ends.at(-1)).toEqual({ committed: true, epoch: 2 });
    });

    test('goes on where the coordinator has forgotten the id', async () => {
      await commit('v');
      expect(brokers.raised).toEqual([-1, -1]);
    });

    test.each([
      { state: 'Empty', epoch: 2 },
      { state: 'Ongoing', epoch: 2 },
      { state: 'CompleteCommit', epoch: 4 },
      { state: 'CompleteAbort', epoch: 2 },
      { state: 'Empty', epoch: 1 },
    ])('is at its end where somebody else has opened the id: $state, $epoch', async (found) => {
      brokers.described.push(found);
      const message = expect.stringContaining('another process uses it') as string;
      await expect(commit('v')).rejects.toMatchObject({ code: 'FENCED', message });
      const { requests } = brokers;
      await expect(commit('w')).rejects.toMatchObject({ code: 'FENCED', message });
      expect([brokers.requests, brokers.inits]).toEqual([requests, 1]);
    });

    test('is at its end where somebody else opens the id at that moment', async () => {
      brokers.described.push({ state: 'CompleteAbort', epoch: 1 });
      brokers.plannedInits.push(90);
      await expect(commit('v')).rejects.toMatchObject({ code: 'FENCED' });
    });
  });

  describe('whose abort is refused', () => {
    beforeEach(() => {
      brokers.planned.set('t-0', [45]);
    });

    test.each([-1, 59, 105, 120])('takes its id again, and goes on: code %i', async (code) => {
      brokers.plannedEnds.push(code);
      brokers.epoch = 3;
      await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
      await commit('v');
      expect(brokers.raised).toEqual([-1, -1]);
      expect(brokers.ends.at(-1)).toEqual({ committed: true, epoch: 3 });
    });

    test('says what the user has to change, and nothing else', async () => {
      brokers.plannedEnds.push(53);
      await expect(commit('v')).rejects.toMatchObject({ code: 'KAFKA_RIGHTS' });
    });
  });

  describe('whose commit was asked for, and refused in the end', () => {
    let held: ModelMember;

    beforeEach(() => {
      held = new ModelMember();
      member = held;
    });

    test('loses everything where nothing is open any more: it may have been committed', async () => {
      brokers.plannedEnds.push('silent', 120, 48);
      await expect(commit('v')).rejects.toMatchObject({
        code: 'TRANSACTION_ABORTED',
        message: expect.stringContaining('nobody knows whether it was committed') as string,
      });
      expect(held.restarts).toBe(1);
      await commit('v');
    });

    test('loses nothing where it could be aborted', async () => {
      brokers.plannedEnds.push('silent', 120, 0);
      await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
      expect(held.restarts).toBe(0);
    });

    test('is at its end where a broker failed at it: the next start looks up what was written', async () => {
      brokers.plannedEnds.push(-1, 48);
      await expect(commit('v')).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
      await expect(commit('w')).rejects.toMatchObject({ code: 'FENCED' });
    });

    test('is at its end outside of any group, where nobody can tell', async () => {
      member = outsideGroup('shop', 's0');
      brokers.plannedEnds.push('silent', 120, 48);
      await expect(commit('v')).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' });
      await expect(commit('w')).rejects.toMatchObject({ code: 'FENCED' });
    });
  });

  describe('whose producer is fenced', () => {
    let held: ModelMember;

    beforeEach(() => {
      held = new ModelMember();
      member = held;
    });

    function fenceNext(): void {
      brokers.plannedEnds.push(90, 90);
      brokers.epoch = 5;
    }

    test('takes its id again, and goes on, where the group still has its member', async () => {
      fenceNext();
      await expect(commit('v')).rejects.toMatchObject({
        code: 'TRANSACTION_ABORTED',
        message: expect.stringContaining('its producer was fenced') as string,
      });
      expect(held.asked).toBe(1);
      await commit('v');
      expect(brokers.inits).toBe(2);
      expect(brokers.ends.at(-1)).toEqual({ committed: true, epoch: 5 });
      expect(held.restarts).toBe(0);
    });

    test('is at its end, and takes nothing, where another process has its place', async () => {
      held.answer = () => (held.ended = true);
      fenceNext();
      const message =
        'application "shop" has another owner by now: transactional id "shop-s0": ' +
        'another process has taken this place: give each process a data folder of its own; ' +
        'this one must drop its tasks';
      await expect(commit('v')).rejects.toMatchObject({ code: 'FENCED', message });
      await expect(commit('w')).rejects.toMatchObject({ code: 'FENCED', message });
      expect(brokers.inits).toBe(1);
    });

    test('goes on as a new member where it was expelled', async () => {
      held.answer = () => held.incarnation++;
      fenceNext();
      await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
      await commit('w');
      expect(brokers.inits).toBe(2);
      expect(held.restarts).toBe(0);
    });

    test('loses everything after an end without an answer: it may have been a commit', async () => {
      brokers.plannedEnds.push('silent', 90, 90);
      await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
      expect(held.restarts).toBe(1);
    });

    test('takes nothing before the group has answered', async () => {
      held.answer = () => (held.joining = true);
      fenceNext();
      await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
      await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
      expect(brokers.inits).toBe(1);
      held.joining = false;
      await commit('v');
      expect(brokers.inits).toBe(2);
    });

    test('is at its end the third time in a row without an instance id: another process has its slot', async () => {
      held.instanceId = null;
      for (const code of ['TRANSACTION_ABORTED', 'TRANSACTION_ABORTED', 'FENCED']) {
        fenceNext();
        await expect(commit('v')).rejects.toMatchObject({ code });
      }
      await expect(commit('v')).rejects.toMatchObject({
        message: expect.stringContaining('give each process a data folder of its own') as string,
      });
      expect(brokers.inits).toBe(3);
    });

    test('goes on however often with an instance id, which is its own', async () => {
      for (let i = 0; i < 5; i++) {
        fenceNext();
        await expect(commit('v')).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
      }
      await commit('v');
    });
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
