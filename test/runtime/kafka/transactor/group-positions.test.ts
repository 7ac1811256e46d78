import { describe, expect, test } from 'vitest';
import type { KafkaMembership } from '../../../../runtime/kafka/group/kafka-membership.ts';
import { txnOffsetCommit } from '../../../../runtime/kafka/messages/txn-offset-commit.ts';
import { writePositions } from '../../../../runtime/kafka/transactor/group-positions.ts';
import type { KafkaWire, RawRequest } from '../../../../runtime/kafka/wire.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';

/** Unknown member id. */
const unknownMember = 25;

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
