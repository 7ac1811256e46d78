import { describe, expect, test } from 'vitest';
import type { KafkaMembership } from '../../../../runtime/kafka/group/kafka-membership.ts';
import { offsetCommit } from '../../../../runtime/kafka/messages/offset-commit.ts';
import { txnOffsetCommit } from '../../../../runtime/kafka/messages/txn-offset-commit.ts';
import { writePositions } from '../../../../runtime/kafka/transactor/group-positions.ts';
import type { KafkaWire, RawRequest } from '../../../../runtime/kafka/wire.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';

const illegalGeneration = 22;
const unknownMember = 25;
const rebalanceInProgress = 27;

/** A member that is expelled and joins anew when the test says so, and a coordinator that answers with one code. */
function bench(code: number) {
  const member = { memberId: 'm', generation: 1, incarnation: 1 };
  const asked: string[] = [];
  const wire: Partial<KafkaWire> = {
    coordinator: async () => 1,
    rpc: async (_node, request: RawRequest) => {
      const { memberId } = txnOffsetCommit.decodeRequest(request.body, request.version);
      asked.push(memberId);
      member.incarnation = 2;
      const partitions = [{ partitionIndex: 0, errorCode: code }];
      const response = { throttleTimeMs: 0, topics: [{ name: 't', partitions }] };
      return txnOffsetCommit.encodeResponse(response, request.version);
    },
  };
  const write = (): Promise<void> =>
    writePositions({
      wire: wire as KafkaWire,
      clock: new ManualClock(),
      membership: Object.assign(member, {
        group: 'g',
        instanceId: null,
        joining: false,
        owns: () => true,
      }) as unknown as KafkaMembership,
      incarnation: 1,
      positions: [{ topic: 't', partition: 0, offset: 1 }],
      patienceMs: 1000,
      requestTimeoutMs: 1000,
      transaction: {
        transactionalId: 'id',
        identity: { producerId: 1, epoch: 0 },
        version: 3,
      },
    });
  return { member, asked, write };
}

describe('positions of a member that was expelled and has joined anew (E6)', () => {
  test('are not written, though it has the partitions again', async () => {
    const { member, asked, write } = bench(0);
    member.incarnation = 2;
    await expect(write()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(asked).toEqual([]);
  });

  test('are given up without expelling it once more when the group refuses them', async () => {
    const { asked, write } = bench(unknownMember);
    await expect(write()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(asked).toEqual(['m']);
  });
});

/** A member whose state the test sets, and a coordinator that answers as the test says; what the commits were sent with. */
function rebalance(options: { readonly transactional: boolean; readonly code: () => number }) {
  const clock = new ManualClock();
  const member = { memberId: 'm', generation: 2, incarnation: 1, joining: true, doubtful: false };
  const owned = { all: true };
  const sent: number[] = [];
  const api = options.transactional ? txnOffsetCommit : offsetCommit;
  const wire: Partial<KafkaWire> = {
    coordinator: async () => 1,
    versions: async () => new Map([[offsetCommit.key, [8, 9] as const]]),
    rpc: async (_node, request: RawRequest) => {
      sent.push(api.decodeRequest(request.body, request.version).generationId);
      const partitions = [{ partitionIndex: 0, errorCode: options.code() }];
      const response = { throttleTimeMs: 0, topics: [{ name: 't', partitions }] };
      return api.encodeResponse(response, request.version);
    },
  };
  const transaction = {
    transactionalId: 'id',
    identity: { producerId: 1, epoch: 0 },
    version: 3,
  };
  const membership = Object.assign(member, {
    group: 'g',
    instanceId: null,
    ended: false,
    // As a member that has lost everything says it: nothing is waited for.
    settled: () => Promise.resolve(),
    owns: () => owned.all,
  }) as unknown as KafkaMembership;
  const outcome = { is: 'open' };
  const write = (): void =>
    void writePositions({
      wire: wire as KafkaWire,
      clock,
      membership,
      incarnation: 1,
      positions: [{ topic: 't', partition: 0, offset: 1 }],
      patienceMs: 3000,
      requestTimeoutMs: 1000,
      ...(options.transactional ? { transaction } : {}),
    }).then(
      () => (outcome.is = `written after ${clock.now()} ms`),
      (error: Error & { code?: unknown }) => (outcome.is = `refused with ${String(error.code)}`),
    );
  const pass = async (ms: number): Promise<void> => {
    const end = clock.now() + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const due = clock.nextDue();
      if (due === undefined || due > end) break;
      clock.advanceTo(due);
    }
    clock.advanceTo(end);
  };
  return { member, owned, sent, outcome, write, pass };
}

describe('positions that the group refuses while it rebalances', () => {
  test('go again with the same generation after the sync, where the group was completing it', async () => {
    const codes = [rebalanceInProgress, 0];
    const { member, sent, outcome, write, pass } = rebalance({
      transactional: false,
      code: () => codes.shift() ?? 0,
    });
    write();
    await pass(100);
    expect([outcome.is, sent]).toEqual(['open', [2]]);
    member.joining = false;
    await pass(100);
    expect([outcome.is, sent]).toEqual(['written after 120 ms', [2, 2]]);
  });

  test('go with the new generation before its sync, where their transaction may hold it up', async () => {
    const codes = [illegalGeneration, 0];
    const { member, sent, outcome, write, pass } = rebalance({
      transactional: true,
      code: () => codes.shift() ?? 0,
    });
    write();
    await pass(100);
    expect([outcome.is, sent]).toEqual(['open', [2]]);
    member.generation = 3;
    await pass(100);
    expect([outcome.is, sent]).toEqual(['written after 120 ms', [2, 3]]);
  });

  test('wait while nobody knows whether the member is still in the group (E6)', async () => {
    const codes = [illegalGeneration, 0];
    const { member, sent, outcome, write, pass } = rebalance({
      transactional: true,
      code: () => codes.shift() ?? 0,
    });
    write();
    await pass(10);
    Object.assign(member, { generation: 3, doubtful: true });
    await pass(100);
    expect([outcome.is, sent]).toEqual(['open', [2]]);
    member.doubtful = false;
    await pass(100);
    expect(sent).toEqual([2, 3]);
  });

  test('are given up at once when the member is expelled meanwhile', async () => {
    const { member, sent, outcome, write, pass } = rebalance({
      transactional: true,
      code: () => illegalGeneration,
    });
    write();
    await pass(100);
    member.incarnation = 2;
    await pass(20);
    expect([outcome.is, sent]).toEqual(['refused with TRANSACTION_ABORTED', [2]]);
  });

  test('are given up at once when a partition is lost meanwhile', async () => {
    const { owned, sent, outcome, write, pass } = rebalance({
      transactional: true,
      code: () => illegalGeneration,
    });
    write();
    await pass(100);
    owned.all = false;
    await pass(20);
    expect([outcome.is, sent]).toEqual([`refused with ${illegalGeneration}`, [2]]);
  });

  test('are given up with the patience, however often the group asks for another try', async () => {
    const { member, sent, outcome, write, pass } = rebalance({
      transactional: false,
      code: () => rebalanceInProgress,
    });
    member.joining = false;
    write();
    await pass(3000);
    expect([outcome.is, sent.length]).toEqual([`refused with ${rebalanceInProgress}`, 151]);
  });
});
