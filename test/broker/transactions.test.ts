import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../runtime/app/system-clock.ts';
import type { KafkaMembership } from '../../runtime/kafka/group/kafka-membership.ts';
import type { KafkaLogOptions } from '../../runtime/kafka/kafka-log-options.ts';
import { endAbandoned } from '../../runtime/kafka/transactor/abandoned-transactions.ts';
import { timedOut } from '../../runtime/kafka/wire-error.ts';
import { batchOf, plain } from '../runtime/codec/records.ts';
import { eventually } from './eventually.ts';
import { requireKafka, uniqueName } from './harness/require.ts';
import { Lab } from './lab.ts';

const kafka = requireKafka();
const labs: Lab[] = [];

afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.close();
});

async function open(more: Partial<KafkaLogOptions> = {}): Promise<Lab> {
  const lab = await Lab.open(kafka().brokers, more);
  labs.push(lab);
  return lab;
}

/** A commit that stops for ever before its end: what a crash leaves open. */
async function crash(lab: Lab, member: KafkaMembership, protocol: 1 | 2): Promise<void> {
  const producer = await lab.producer('s0', protocol);
  await producer.commit(lab.transaction('first', 1), member);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  lab.wire.tap('EndTxn', () => {
    stop();
    return new Promise(() => {});
  });
  void producer.commit(lab.transaction('lost', 2), member);
  await stopped;
  lab.wire.untap('EndTxn');
}

describe.each([1, 2] as const)('a transaction, protocol %i', (protocol) => {
  test('that a crash left open is aborted at once when its slot is opened again', async () => {
    const lab = await open();
    const member = await lab.join();
    await crash(lab, member, protocol);
    const startMs = performance.now();
    const producer = await lab.producer('s0', protocol);
    expect(performance.now() - startMs).toBeLessThan(3000);
    await producer.commit(lab.transaction('second', 2), member);
    expect(await lab.values()).toEqual(['first', 'second']);
    expect(await lab.position()).toBe(2);
  });

  test('that is open keeps its positions from being read until it is fenced', async () => {
    const lab = await open();
    const member = await lab.join();
    await crash(lab, member, protocol);
    let seen: number | undefined;
    const reading = lab.position().then((position) => {
      seen = position;
    });
    await eventually('the read was refused three times', async () =>
      lab.wire.sent.filter((name) => name === 'OffsetFetch').length > 3 ? true : undefined,
    );
    expect(seen).toBeUndefined();
    await lab.producer('s0', protocol);
    await reading;
    expect(seen).toBe(1);
  });

  test('that a departed member left open is aborted by its heir', async () => {
    const lab = await open();
    const member = await lab.join();
    await crash(lab, member, protocol);
    const startMs = performance.now();
    await endAbandoned({ wire: lab.wire, clock: systemClock }, [`${lab.topic}-s0`]);
    expect(await lab.position()).toBe(1);
    expect(performance.now() - startMs).toBeLessThan(5000);
    expect(await lab.values()).toEqual(['first']);
  });

  test('of a member that is back is left alone', async () => {
    const lab = await open();
    const member = await lab.join();
    await crash(lab, member, protocol);
    const aborting = endAbandoned({ wire: lab.wire, clock: systemClock }, [`${lab.topic}-s0`]);
    await eventually('it was seen', async () =>
      lab.wire.sent.includes('DescribeTransactions') ? true : undefined,
    );
    const producer = await lab.producer('s0', protocol);
    await producer.commit(lab.transaction('second', 2), member);
    await aborting;
    await producer.commit(lab.transaction('third', 3), member);
    expect(await lab.values()).toEqual(['first', 'second', 'third']);
  });

  test('of a member whose producer was fenced is refused, and runs again', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer('s0', protocol);
    const second = (): Promise<unknown> => producer.commit(lab.transaction('second', 2), member);
    await producer.commit(lab.transaction('first', 1), member);
    await lab.producer('s0', protocol);
    await expect(second()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    expect(await lab.values()).toEqual(['first']);
    expect(await lab.position()).toBe(1);
    await second();
    expect(await lab.values()).toEqual(['first', 'second']);
    expect(await lab.position()).toBe(2);
  });

  test('of a zombie is refused for ever, and nothing of it is seen', async () => {
    const lab = await open();
    const member = await lab.join();
    const zombie = await lab.producer('s0', protocol);
    await zombie.commit(lab.transaction('first', 1), member);
    const heir = await open({ application: lab.topic });
    const place = await heir.join();
    const producer = await heir.producer('s0', protocol);
    for (let i = 0; i < 2; i++) {
      await expect(zombie.commit(lab.transaction('zombie', 2), member)).rejects.toMatchObject({
        name: 'TaskMigratedError',
        code: 'FENCED',
      });
    }
    await producer.commit(heir.transaction('second', 2), place);
    expect(await lab.values()).toEqual(['first', 'second']);
    expect(await lab.position()).toBe(2);
  });

  test('that is aborted is never seen, however the reads are cut', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer('s0', protocol);
    const refusing: KafkaMembership = { ...like(member), memberId: 'unknown' };
    const kept: string[] = [];
    for (let i = 0; i < 12; i++) {
      const abort = i % 3 === 1;
      const committing = producer.commit(
        lab.transaction(`v${i}`, i, [0, 1]),
        abort ? refusing : member,
      );
      if (abort) await expect(committing).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
      else {
        await committing;
        kept.push(`v${i}`);
      }
    }
    for (const bytes of [1, 100, 300, 1e6]) expect(await lab.values(0, bytes)).toEqual(kept);
    expect(await lab.values(1)).toEqual(kept);
    expect(await lab.position()).toBe(11);
  });

  test('gives the offset of each append, and none of its markers', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer('s0', protocol);
    const appends = [lab.append('a'), lab.append('b', 1), lab.append('c')];
    expect(await producer.commit({ appends, positions: [] }, member)).toEqual({
      baseOffsets: [0, 0, 1],
    });
    expect(await producer.commit(lab.transaction('d', 1, [1, 0]), member)).toEqual({
      baseOffsets: [2, 3],
    });
  });
});

describe('the fence of the group', () => {
  test('tells the membership that the group does not know it', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer();
    const told: unknown[] = [];
    const stranger = {
      ...like(member),
      memberId: 'x',
      instanceId: null,
      expelled: (it: unknown) => told.push(it),
    };
    await expect(producer.commit(lab.transaction('v', 1), stranger)).rejects.toMatchObject({
      code: 'TRANSACTION_ABORTED',
      message: expect.stringContaining('does not know this member') as string,
    });
    expect(told).toHaveLength(1);
    expect(await lab.position()).toBeUndefined();
  });

  test('lets a commit wait for the join that is under way, and go on with the new generation', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer();
    const behind = lateJoiner(lab, member);
    await producer.commit(lab.transaction('v', 1), behind);
    expect(await lab.values()).toEqual(['v']);
    expect(lab.wire.sent.filter((name) => name === 'TxnOffsetCommit')).toHaveLength(2);
  });

  test('aborts when a partition is gone after the join', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer();
    const behind = lateJoiner(lab, member);
    behind.owns = () => behind.joining;
    await expect(producer.commit(lab.transaction('v', 1), behind)).rejects.toMatchObject({
      code: 'TRANSACTION_ABORTED',
    });
    expect(await lab.values()).toEqual([]);
  });

  test('aborts when no new generation comes in time', async () => {
    const lab = await open({ transactionTimeout: '1s' });
    const member = await lab.join();
    const producer = await lab.producer();
    const behind = { ...like(member), generation: member.generation - 1 };
    await expect(producer.commit(lab.transaction('v', 1), behind)).rejects.toMatchObject({
      code: 'TRANSACTION_ABORTED',
    });
    await producer.commit(lab.transaction('w', 1), member);
    expect(await lab.values()).toEqual(['w']);
  });

  test('refuses positions of partitions that are not this member’s, before anything is sent', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer();
    const before = lab.wire.sent.length;
    const lost = { ...like(member), owns: () => false };
    await expect(producer.commit(lab.transaction('v', 1), lost)).rejects.toMatchObject({
      code: 'TRANSACTION_ABORTED',
    });
    expect(lab.wire.sent.slice(before)).not.toContain('Produce');
  });
});

describe.each([1, 2] as const)('an answer that is lost, protocol %i', (protocol) => {
  test('of the end of a transaction is asked for until it comes', async () => {
    const lab = await open({ transactionTimeout: '2s' });
    const member = await lab.join();
    const producer = await lab.producer('s0', protocol);
    let lost = 0;
    lab.wire.tap('EndTxn', async (request, send) => {
      const answer = await send(request);
      if (lost === 2) return answer;
      lost++;
      throw timedOut('the broker', request.name, request.timeoutMs);
    });
    await producer.commit(lab.transaction('once', 1), member);
    lab.wire.untap('EndTxn');
    await producer.commit(lab.transaction('twice', 2), member);
    expect(lost).toBe(2);
    expect(await lab.values()).toEqual(['once', 'twice']);
  });

  test('of a Produce aborts its transaction, and the same batches go into the next one', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer('s0', protocol);
    await producer.commit(lab.transaction('first', 1), member);
    lab.wire.tap('Produce', async (request, send) => {
      await send(request);
      lab.wire.untap('Produce');
      throw timedOut('the broker', request.name, request.timeoutMs);
    });
    const second = (): Promise<unknown> => producer.commit(lab.transaction('second', 2), member);
    await expect(second()).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' });
    await second();
    expect(await lab.values()).toEqual(['first', 'second']);
  });
});

describe('at least once', () => {
  test('an append whose answer is lost is stored once', async () => {
    const lab = await open({ guarantee: 'at-least-once' });
    const member = await lab.join();
    const producer = await lab.log.transactor('s0');
    // A new partition may have no leader yet, and refuse what comes first.
    await producer.commit(lab.transaction('u', 1), member);
    let lost = 0;
    lab.wire.tap('Produce', async (request, send) => {
      const answer = await send(request);
      if (lost++ > 0) return answer;
      throw timedOut('the broker', request.name, request.timeoutMs);
    });
    await producer.commit(lab.transaction('v', 2), member);
    expect(lost).toBe(2);
    expect(await lab.values()).toEqual(['u', 'v']);
    expect(await lab.position()).toBe(2);
  });

  test('what was appended before the group refused the positions is there, and is appended again', async () => {
    const lab = await open({ guarantee: 'at-least-once' });
    const member = await lab.join();
    const producer = await lab.log.transactor('s0');
    const stranger = { ...like(member), memberId: 'x', instanceId: null };
    await expect(producer.commit(lab.transaction('v', 1), stranger)).rejects.toMatchObject({
      code: 'TRANSACTION_ABORTED',
    });
    expect(await lab.position()).toBeUndefined();
    await producer.commit(lab.transaction('v', 1), member);
    expect(await lab.values()).toEqual(['v', 'v']);
    expect(await lab.position()).toBe(1);
  });
});

describe('large batches', () => {
  const value = Buffer.alloc(1000, 'x');

  test('are split below the usual limit of a topic', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer();
    const records = Array.from({ length: 3500 }, (_, i) => ({ ...plain(`k${i}`, ''), value }));
    const batch = batchOf(...records);
    expect(batch.length).toBeGreaterThan(3_500_000);
    const appends = [{ topic: lab.topic, partition: 0, batch, records: 3500 }, lab.append('last')];
    expect(await producer.commit({ appends, positions: [] }, member)).toEqual({
      baseOffsets: [0, 3500],
    });
    const values = await lab.values();
    expect(values).toHaveLength(3501);
    expect(values.at(-1)).toBe('last');
  });

  test('are made smaller until a topic with a small limit takes them', async () => {
    const lab = await open();
    const topic = await limited(lab, 10_000);
    const member = await lab.join();
    const producer = await lab.producer();
    const records = Array.from({ length: 100 }, (_, i) => ({ ...plain(`k${i}`, ''), value }));
    let aborted = 0;
    for (;;) {
      const batch = batchOf(...records);
      const append = { topic, partition: 0, batch, records: 100 };
      try {
        await producer.commit({ appends: [append], positions: [] }, member);
        break;
      } catch (error) {
        expect(error).toMatchObject({ code: 'TRANSACTION_ABORTED' });
        aborted++;
      }
    }
    expect(aborted).toBe(4);
  });

  test('of one record that is too large are refused, with what to do', async () => {
    const lab = await open();
    const topic = await limited(lab, 10_000);
    const member = await lab.join();
    const producer = await lab.producer();
    const batch = batchOf({ ...plain('k', ''), value: Buffer.alloc(20_000) });
    const append = { topic, partition: 0, batch, records: 1 };
    await expect(
      producer.commit({ appends: [append], positions: [] }, member),
    ).rejects.toMatchObject({
      name: 'ProductionError',
      code: 'RECORD_TOO_LARGE',
      message:
        `a record of ${batch.length} bytes for ${topic}-0 is larger than the topic takes: ` +
        'raise its max.message.bytes, or write smaller records',
    });
    await producer.commit(lab.transaction('v', 1), member);
    expect(await lab.values()).toEqual(['v']);
  });
});

test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'reads what it compressed with %s',
  async (compression) => {
    const lab = await open({ compression });
    const member = await lab.join();
    const producer = await lab.producer();
    await producer.commit(lab.transaction('squeezed '.repeat(100), 1), member);
    expect(await lab.values()).toEqual(['squeezed '.repeat(100)]);
  },
);

test('refuses a transaction time-out above what the brokers allow', async () => {
  const lab = await open({ transactionTimeout: '1h' });
  await expect(lab.log.transactor('s0')).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'TRANSACTION_TIMEOUT',
    message:
      'the transaction time-out of 3600000 ms is above what the brokers allow (transaction.max.timeout.ms): lower it, or raise theirs',
  });
});

/** A membership that a test may change, with what the real one has now. */
type Changeable = { -readonly [K in keyof KafkaMembership]: KafkaMembership[K] };

/** A member whose join is under way until its first commit has been refused: the group is a generation ahead of it. */
function lateJoiner(lab: Lab, member: KafkaMembership): Changeable {
  const joined = (): boolean => lab.wire.sent.includes('TxnOffsetCommit');
  const late = like(member);
  return Object.defineProperties(late, {
    joining: { get: () => !joined() },
    generation: { get: () => member.generation - (joined() ? 0 : 1) },
  });
}

function like(member: KafkaMembership): Changeable {
  return {
    group: member.group,
    memberId: member.memberId,
    generation: member.generation,
    instanceId: member.instanceId,
    joining: false,
    settled: async () => {},
    owns: () => true,
    expelled: () => {},
    leave: async () => {},
  };
}

/** A topic with a limit for the size of its batches. */
async function limited(lab: Lab, bytes: number): Promise<string> {
  const topic = uniqueName('limited');
  await lab.createWith(topic, { 'max.message.bytes': String(bytes) });
  return topic;
}
