import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../runtime/app/system-clock.ts';
import {
  type OutgoingPartition,
  outgoingBatches,
} from '../../../../runtime/kafka/transactor/outgoing-batches.ts';
import { produceAll, type Producing } from '../../../../runtime/kafka/transactor/produce-run.ts';
import { Sequences } from '../../../../runtime/kafka/transactor/sequences.ts';
import { batchOf, plain } from '../../codec/records.ts';
import { ModelLeader } from './model-leader.ts';

let leader: ModelLeader;
let producing: Producing;

beforeEach(() => {
  leader = new ModelLeader();
  producing = {
    wire: leader,
    clock: systemClock,
    transactionalId: 'x',
    producerId: 7,
    epoch: 0,
    sequences: new Sequences(),
    version: 11,
    requestTimeoutMs: 1000,
    patienceMs: 1000,
    repeatUnanswered: false,
  };
});

/** Batches of one record each: `0/0`, `0/1`, … of partition 0, and so on. */
function outgoing(...counts: readonly number[]): readonly OutgoingPartition[] {
  const appends = counts.flatMap((count, partition) =>
    Array.from({ length: count }, (_, i) => ({
      topic: 't',
      partition,
      batch: batchOf(plain('k', `${partition}/${i}`)),
      records: 1,
    })),
  );
  return outgoingBatches(appends, () => 1e6, 'none');
}

function values(partition: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${partition}/${i}`);
}

describe('produceAll', () => {
  test('stores the batches of each partition in order, and learns their offsets', async () => {
    const partitions = outgoing(7, 2);
    await produceAll(producing, partitions);
    expect(leader.stored.get('t-0')).toEqual(values(0, 7));
    expect(leader.stored.get('t-1')).toEqual(values(1, 2));
    expect(partitions[0]!.batches.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(leader.requests).toBe(7);
  });

  test('sends several requests at once, as many as a broker can tell repeats among', async () => {
    await produceAll(producing, outgoing(20));
    expect(leader.mostUnderWay).toBe(4);
    expect(leader.stored.get('t-0')).toEqual(values(0, 20));
  });

  test.each([
    ['the first', [6]],
    ['one in the middle', [0, 0, 6]],
    ['two in a row', [0, 6, 6]],
  ])(
    'sends again, with the same numbers and in order, when the leader has moved at %s',
    async (_, codes) => {
      leader.planned.set('t-0', codes);
      await produceAll(producing, outgoing(9, 3));
      expect(leader.stored.get('t-0')).toEqual(values(0, 9));
      expect(leader.stored.get('t-1')).toEqual(values(1, 3));
      expect(leader.refreshes).toBeGreaterThan(0);
    },
  );

  test('gives up at a hole in the numbers that nothing before explains', async () => {
    producing.sequences.take('t-0', 1);
    await expect(produceAll(producing, outgoing(3))).rejects.toMatchObject({
      code: 45,
      reaction: 'abort',
    });
  });

  test('says which batch was too large', async () => {
    leader.planned.set('t-1', [10]);
    const partitions = outgoing(1, 1);
    const { bytes } = partitions[1]!.batches[0]!;
    await expect(produceAll(producing, partitions)).rejects.toMatchObject({
      reaction: 'split',
      place: { topic: 't', partition: 1 },
      batch: { records: 1, bytes },
    });
  });

  test('gives up without an answer: what was sent may be stored', async () => {
    leader.loseAnswers = 1;
    await expect(produceAll(producing, outgoing(1))).rejects.toMatchObject({
      code: 'KAFKA_TIMEOUT',
      outcome: 'unknown',
    });
    expect(leader.stored.get('t-0')).toEqual(['0/0']);
  });

  test('sends again without an answer where it may, and stores nothing twice', async () => {
    producing = { ...producing, repeatUnanswered: true };
    leader.loseAnswers = 2;
    const partitions = outgoing(6);
    await produceAll(producing, partitions);
    expect(leader.stored.get('t-0')).toEqual(values(0, 6));
    expect(partitions[0]!.batches.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('gives up when its patience is at an end', async () => {
    producing = { ...producing, patienceMs: 20 };
    leader.planned.set(
      't-0',
      Array.from({ length: 50 }, () => 6),
    );
    await expect(produceAll(producing, outgoing(1))).rejects.toMatchObject({
      code: 'LOG_UNAVAILABLE',
    });
  });
});
