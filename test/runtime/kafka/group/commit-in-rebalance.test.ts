import { describe, expect, test } from 'vitest';
import { offsetCommit } from '../../../../runtime/kafka/messages/offset-commit.ts';
import { txnOffsetCommit } from '../../../../runtime/kafka/messages/txn-offset-commit.ts';
import { writePositions } from '../../../../runtime/kafka/transactor/group-positions.ts';
import type { KafkaWire, RawRequest } from '../../../../runtime/kafka/wire.ts';
import { GroupWorld, type ModelMember } from './group-world.ts';

const tasks = [0, 1].map((partition) => ({
  id: `0_${partition}`,
  inputs: [{ topic: 'in', partition }],
  stores: 0,
}));
const transaction = {
  transactionalId: 'id',
  identity: { producerId: 1, epoch: 0 },
  version: 3,
};

/** A group of one, which another is about to join. `admitting`: what the leader waits for from then on. */
async function group(parts: {
  readonly transactional: boolean;
  readonly admitting: (world: GroupWorld) => Promise<unknown>;
}) {
  const world = new GroupWorld(tasks);
  const { coordinator, clock } = world;
  const commits = { last: Promise.resolve(), outcome: 'open', codes: [] as number[] };
  let rebalances = false;
  const admit = async (): Promise<ReadonlyMap<string, string>> => {
    if (rebalances) await parts.admitting(world);
    return new Map();
  };
  const onRevoked = (): Promise<void> => commits.last;
  const a = world.start('a', { admit, onRevoked });
  await world.pass(5000);
  rebalances = true;
  world.start('b', { admit });

  const api = parts.transactional ? txnOffsetCommit : offsetCommit;
  const wire: Partial<KafkaWire> = {
    coordinator: async () => 1,
    versions: async () => new Map([[offsetCommit.key, [8, 9] as const]]),
    rpc: async (_node, { body, version }: RawRequest) => {
      const { memberId, generationId, groupInstanceId } = api.decodeRequest(body, version);
      let code = coordinator.commit(memberId, generationId, groupInstanceId);
      // Kafka refuses what is in no transaction while it waits for the leader's assignment.
      const completing = !parts.transactional && coordinator.state === 'completing';
      if (code === 0 && completing) code = 27;
      commits.codes.push(code);
      const partitions = [{ partitionIndex: 0, errorCode: code }];
      const response = { throttleTimeMs: 0, topics: [{ name: 'in', partitions }] };
      return api.encodeResponse(response, version);
    },
  };
  const commit = (): void => {
    const startMs = clock.now();
    commits.last = writePositions({
      wire: wire as KafkaWire,
      clock,
      membership: a.member,
      incarnation: a.member.incarnation,
      positions: [{ topic: 'in', partition: 0, offset: 1 }],
      patienceMs: 300_000,
      requestTimeoutMs: 1000,
      ...(parts.transactional ? { transaction } : {}),
    }).then(
      () => void (commits.outcome = `written after ${clock.now() - startMs} ms`),
      (error: Error) => void (commits.outcome = error.message),
    );
  };
  return { world, a, commits, commit };
}

/** Until the group has another generation: its coordinator (`there`), or the member too. */
async function bumped(world: GroupWorld, { member }: ModelMember, there: boolean): Promise<void> {
  const { generation } = member;
  const now = (): number => (there ? world.coordinator.generation : member.generation);
  while (now() === generation) await world.pass(1);
}

describe('a commit in a rebalance', () => {
  test('outside of a transaction does not hold up the member that gives up partitions', async () => {
    const { world, a, commits, commit } = await group({
      transactional: false,
      admitting: ({ clock }) => new Promise<void>((resolve) => clock.after(50, resolve)),
    });
    await bumped(world, a, false);
    commit();
    await world.pass(10_000);
    expect([commits.outcome, commits.codes]).toEqual(['written after 60 ms', [27, 0]]);
    expect(a.partitions).toBe('in-0');
  });

  test('in a transaction does not hold up the leader that reads past it', async () => {
    const waits: { for: () => Promise<unknown> } = { for: async () => {} };
    const { world, a, commits, commit } = await group({
      transactional: true,
      admitting: () => waits.for(),
    });
    waits.for = () => commits.last;
    await bumped(world, a, true);
    expect(a.member.generation).toBe(world.coordinator.generation - 1);
    commit();
    await world.pass(10_000);
    expect([commits.outcome, commits.codes]).toEqual(['written after 20 ms', [22, 0]]);
    expect(a.partitions).toBe('in-0');
  });
});
