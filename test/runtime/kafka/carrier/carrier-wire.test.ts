import { describe, expect, test, vi } from 'vitest';
import { apiVersions } from '../../../../runtime/kafka/messages/api-versions.ts';
import { findCoordinator } from '../../../../runtime/kafka/messages/find-coordinator.ts';
import { heartbeat } from '../../../../runtime/kafka/messages/heartbeat.ts';
import { metadata } from '../../../../runtime/kafka/messages/metadata.ts';
import { metadataOf } from './stand-in-broker.ts';
import { beatRequest, sees, WireHarness } from './wire-harness.ts';

const it = new WireHarness();

function coordinator(nodeId: number, errorCode: number) {
  const found = { key: 'shop', nodeId, host: '', port: 0, errorCode, errorMessage: null };
  return { throttleTimeMs: 0, coordinators: [found] };
}

describe('rpc', () => {
  test('gives the body of the answer, without the tagged fields of its header', async () => {
    expect(await it.beat(2)).toBe(27);
    const [seen] = it.second.seen.filter(({ name }) => name === 'Heartbeat');
    expect(seen?.clientId).toBe('millrace');
  });

  test('reads an answer of an old version, whose header has no tagged fields', async () => {
    const request = { groupId: 'shop', generationId: 1, memberId: 'm', groupInstanceId: null };
    const body = heartbeat.encode(request, 3);
    const answer = await it.wire.rpc(1, { ...beatRequest, body, version: 3, flexible: false });
    expect(heartbeat.decode(answer, 3).errorCode).toBe(27);
  });

  test('does not wait behind a request of another lane', async () => {
    let answers: (number | 'silence')[] = ['silence', 27];
    it.first.on(heartbeat, () => {
      const [next = 27] = answers.splice(0, 1);
      return next === 'silence' ? next : { throttleTimeMs: 0, errorCode: next };
    });
    const waiting = it.beat(1, { lane: 'fetch' });
    waiting.catch(() => {});
    await sees(it.first, 'Heartbeat');
    expect(await it.beat(1)).toBe(27);
    answers = [];
    const on = it.first.seen.filter(({ name }) => name === 'Heartbeat');
    expect(new Set(on.map(({ connection }) => connection)).size).toBe(2);
  });

  test('uses one connection for a lane, also for requests at the same time', async () => {
    await Promise.all([it.beat(2), it.beat(2), it.beat(2)]);
    expect(it.second.connections).toBe(1);
  });

  test('fails with an unknown outcome when there is no answer in time', async () => {
    it.second.on(heartbeat, () => 'silence');
    const late = it.beat(2);
    const behind = it.beat(2, { timeoutMs: 60_000 });
    await sees(it.second, 'Heartbeat', 2);
    it.clock.advanceTo(1_000);
    await expect(late).rejects.toMatchObject({
      code: 'KAFKA_TIMEOUT',
      outcome: 'unknown',
      reaction: 'refresh-metadata',
      message: `${it.second.address} did not answer Heartbeat within 1000 ms`,
    });
    await expect(behind).rejects.toMatchObject({
      code: 'KAFKA_DISCONNECTED',
      outcome: 'unknown',
      message:
        `the connection to ${it.second.address} broke before Heartbeat was answered: ` +
        'Heartbeat was not answered within 1000 ms',
    });
  });

  test('goes on over a new connection after an answer that was overdue', async () => {
    it.second.on(heartbeat, () => 'silence');
    const late = it.beat(2);
    await sees(it.second, 'Heartbeat');
    it.clock.advanceTo(1_000);
    await expect(late).rejects.toMatchObject({ code: 'KAFKA_TIMEOUT' });
    it.second.on(heartbeat, () => ({ throttleTimeMs: 0, errorCode: 0 }));
    expect(await it.beat(2)).toBe(0);
    expect(it.second.connections).toBe(2);
  });

  test('fails when the connection breaks, and the next one connects anew', async () => {
    it.second.on(heartbeat, () => 'silence');
    const broken = it.beat(2);
    await sees(it.second, 'Heartbeat');
    it.second.cut();
    await expect(broken).rejects.toMatchObject({
      code: 'KAFKA_DISCONNECTED',
      outcome: 'unknown',
      message: expect.stringContaining('connection reset'),
    });
    it.second.on(heartbeat, () => ({ throttleTimeMs: 0, errorCode: 0 }));
    expect(await it.beat(2)).toBe(0);
  });

  test('fails without having been sent where nobody listens', async () => {
    await it.second.close();
    await expect(it.beat(2)).rejects.toMatchObject({
      code: 'KAFKA_UNREACHABLE',
      outcome: 'unsent',
      message: `no connection to ${it.second.address}: connection refused: nothing listens there`,
    });
  });

  test('fails without having been sent to a broker that the cluster does not name', async () => {
    await expect(it.beat(7)).rejects.toMatchObject({
      code: 'KAFKA_UNREACHABLE',
      outcome: 'unsent',
      message: 'no connection to broker 7: the cluster does not name it at the moment',
    });
  });

  test('is not sent where no connection can be made in its time', async () => {
    it.second.on(apiVersions, () => 'silence');
    const late = it.beat(2);
    await sees(it.second, 'ApiVersions');
    it.clock.advanceTo(1_000);
    await expect(late).rejects.toMatchObject({
      code: 'KAFKA_UNREACHABLE',
      outcome: 'unsent',
      message: 'no connection to broker 2: none could be made within 1000 ms',
    });
  });

  test('waits longer before each attempt at a broker that is down', async () => {
    await it.second.close();
    await expect(it.beat(2)).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
    for (const pauseMs of [50, 100, 200, 400, 800, 1_000, 1_000]) {
      const from = it.clock.now();
      const next = it.beat(2);
      next.catch(() => {});
      await vi.waitFor(() => expect(it.clock.nextDue()).toBe(from + pauseMs));
      it.clock.advanceTo(from + pauseMs);
      await expect(next).rejects.toMatchObject({ code: 'KAFKA_UNREACHABLE' });
    }
  });

  test('finds a broker that came back at another address', async () => {
    await it.second.close();
    const moved = await it.broker();
    moved.on(heartbeat, () => ({ throttleTimeMs: 0, errorCode: 5 }));
    it.first.names({ 1: it.first, 2: moved });
    expect(await it.beat(2)).toBe(5);
  });

  test('is refused after close, and close ends what is under way', async () => {
    it.second.on(heartbeat, () => 'silence');
    const waiting = it.beat(2);
    await sees(it.second, 'Heartbeat');
    await it.wire.close();
    await expect(waiting).rejects.toMatchObject({ code: 'KAFKA_DISCONNECTED' });
    await expect(it.beat(2)).rejects.toMatchObject({
      code: 'KAFKA_CLOSED',
      outcome: 'unsent',
      reaction: 'fatal',
      message: 'Heartbeat was not sent: the connection is closed',
    });
  });

  test('gives no warning of the runtime', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    for (let i = 0; i < 10; i++) await it.beat(1);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('cluster', () => {
  test('tells the brokers', async () => {
    expect(await it.wire.cluster()).toEqual({
      clusterId: 'c',
      controller: 1,
      nodes: [
        { id: 1, host: '127.0.0.1', port: it.first.port },
        { id: 2, host: '127.0.0.1', port: it.second.port },
      ],
    });
  });

  test('is asked of another broker when one hangs', async () => {
    it.first.on(metadata, () => 'silence');
    const asked = it.wire.cluster();
    await sees(it.first, 'Metadata', 2);
    it.clock.advanceTo(5_000);
    expect((await asked).nodes.length).toBe(2);
  });

  test('is asked of another broker when one is gone', async () => {
    await it.first.close();
    expect((await it.wire.cluster()).nodes.length).toBe(2);
  });

  test('keeps the brokers that are known when one that is just starting names none', async () => {
    it.first.names({});
    await it.wire.cluster();
    expect(await it.beat(2)).toBe(27);
  });
});

describe('versions', () => {
  test('are those that the broker takes', async () => {
    const versions = await it.wire.versions(2);
    expect(versions.get(heartbeat.key)).toEqual([3, 4]);
    expect(versions.get(0)).toBeUndefined();
  });
});

describe('topics', () => {
  function topic(name: string, errorCode = 0) {
    const partition = { errorCode: 0, leaderEpoch: 0, offlineReplicas: [] };
    return {
      errorCode,
      name,
      topicId: Buffer.alloc(16, 7),
      isInternal: false,
      partitions: [
        { ...partition, partitionIndex: 1, leaderId: 2, replicaNodes: [2, 1], isrNodes: [2] },
        { ...partition, partitionIndex: 0, leaderId: 1, replicaNodes: [1], isrNodes: [1] },
      ],
      topicAuthorizedOperations: -1,
    };
  }

  function answerWith(...topics: ReturnType<typeof topic>[]): string[][] {
    const asked: string[][] = [];
    it.first.on(metadata, (request) => {
      asked.push(request.topics?.map(({ name }) => name ?? '') ?? []);
      return { ...metadataOf({ 1: it.first }, []), topics };
    });
    return asked;
  }

  test('have partitions by number, with leaders and replicas', async () => {
    answerWith(topic('orders'));
    expect((await it.wire.topics(['orders'])).get('orders')).toEqual({
      name: 'orders',
      id: Buffer.alloc(16, 7),
      internal: false,
      partitions: [
        { partition: 0, leader: 1, replicas: [1], inSync: [1] },
        { partition: 1, leader: 2, replicas: [2, 1], inSync: [2] },
      ],
    });
  });

  test('are asked for once, until a refresh', async () => {
    const asked = answerWith(topic('orders'));
    await it.wire.topics(['orders']);
    await it.wire.topics(['orders']);
    await it.wire.topics(['orders'], true);
    expect(asked).toEqual([['orders'], ['orders']]);
  });

  test('that do not exist are absent, and asked for again', async () => {
    const asked = answerWith(topic('no', 3));
    expect(await it.wire.topics(['no'])).toEqual(new Map());
    expect(await it.wire.topics(['no'])).toEqual(new Map());
    expect(asked.length).toBe(2);
  });

  test('that were deleted are forgotten', async () => {
    answerWith(topic('orders'));
    await it.wire.topics(['orders']);
    answerWith(topic('orders', 3));
    expect(await it.wire.topics(['orders'], true)).toEqual(new Map());
  });

  test('that may not be seen are an error of rights', async () => {
    answerWith(topic('orders', 29));
    await expect(it.wire.topics(['orders'])).rejects.toMatchObject({
      code: 'KAFKA_RIGHTS',
      message: expect.stringMatching(/TOPIC_AUTHORIZATION_FAILED.*Describe on topic "orders"/),
    });
  });
});

describe('coordinator', () => {
  test('is remembered, until a refresh', async () => {
    let node = 1;
    it.first.on(findCoordinator, () => coordinator(node, 0));
    expect(await it.wire.coordinator('shop', 'group')).toBe(1);
    node = 2;
    expect(await it.wire.coordinator('shop', 'group')).toBe(1);
    expect(await it.wire.coordinator('shop', 'group', true)).toBe(2);
  });

  test('of a group and of a transactional id of one name are asked for apart', async () => {
    it.first.on(findCoordinator, ({ keyType }) => coordinator(keyType + 1, 0));
    expect(await it.wire.coordinator('shop', 'group')).toBe(1);
    expect(await it.wire.coordinator('shop', 'transaction')).toBe(2);
  });

  test('is asked for again while there is none', async () => {
    const codes = [15, 14, 0];
    it.first.on(findCoordinator, () => coordinator(2, codes.shift() ?? 0));
    const found = it.wire.coordinator('shop', 'group');
    for (const [i, dueMs] of [100, 200].entries()) {
      await sees(it.first, 'FindCoordinator', i + 1);
      await vi.waitFor(() => expect(it.clock.nextDue()).toBe(dueMs));
      it.clock.advanceTo(dueMs);
    }
    expect(await found).toBe(2);
  });

  test('is given up after the request time-out', async () => {
    it.first.on(findCoordinator, () => coordinator(-1, 15));
    const found = it.wire.coordinator('shop', 'group');
    await vi.waitFor(() => expect(it.clock.nextDue()).toBe(100));
    it.clock.advanceTo(30_000);
    await expect(found).rejects.toMatchObject({
      code: 'KAFKA_ERROR',
      message: expect.stringContaining('find the coordinator of group "shop"'),
    });
  });

  test.each([
    ['group', 30, 'Describe on group "shop"'],
    ['transaction', 53, 'Describe on transactional id "shop"'],
  ] as const)('of a %s that may not be seen is an error of rights', async (kind, code, right) => {
    it.first.on(findCoordinator, () => coordinator(-1, code));
    await expect(it.wire.coordinator('shop', kind)).rejects.toMatchObject({
      code: 'KAFKA_RIGHTS',
      message: expect.stringContaining(`; it needs ${right}`),
    });
  });
});
