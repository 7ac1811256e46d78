import { describe, expect, test } from 'vitest';
import { apiVersions } from '../../../../runtime/kafka/messages/api-versions.ts';
import {
  chooseProtocol,
  protocols,
} from '../../../../runtime/kafka/transactor/transaction-protocol.ts';
import type { KafkaWire, NodeId } from '../../../../runtime/kafka/wire.ts';
import { unreachable } from '../../../../runtime/kafka/wire-error.ts';
import type { Clock } from '../../../../topology/core/clock.ts';

/** Time passes as soon as somebody waits. */
const clock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  after: (_, action) => {
    queueMicrotask(action);
    return () => {};
  },
};
const all: ReadonlyMap<number, readonly [number, number]> = new Map(
  Array.from({ length: 80 }, (_, key) => [key, [0, 20] as const]),
);

/** Two brokers, of which some are down. */
function wireOf(level: number, down: readonly NodeId[]): KafkaWire & { asked: NodeId[] } {
  const asked: NodeId[] = [];
  const reach = (node: NodeId): void => {
    asked.push(node);
    if (down.includes(node)) throw unreachable(`broker ${node}`, 'refused');
  };
  return {
    asked,
    async rpc(node, { version }) {
      reach(node);
      const finalizedFeatures = [
        { name: 'transaction.version', maxVersionLevel: level, minVersionLevel: 0 },
      ];
      return apiVersions.encodeResponse(
        {
          errorCode: 0,
          apiKeys: [],
          throttleTimeMs: 0,
          supportedFeatures: [],
          finalizedFeaturesEpoch: 1,
          finalizedFeatures,
        },
        version,
      );
    },
    cluster: async () => ({
      clusterId: 'c',
      controller: 1,
      nodes: [1, 2].map((id) => ({ id, host: 'localhost', port: id })),
    }),
    topics: async () => new Map(),
    coordinator: async () => 1,
    async versions(node) {
      if (down.includes(node)) reach(node);
      return all;
    },
    close: async () => {},
  };
}

describe('chooseProtocol', () => {
  test('takes protocol 2 where the cluster has agreed on it', async () => {
    const wire = wireOf(2, []);
    expect(await chooseProtocol({ wire, clock, patienceMs: 1000 })).toEqual(protocols[2]);
    expect(wire.asked).toEqual([1]);
  });

  test('takes protocol 1 where it has not', async () => {
    const wire = wireOf(1, []);
    expect(await chooseProtocol({ wire, clock, patienceMs: 1000 })).toEqual(protocols[1]);
  });

  test('asks the next broker where one is down', async () => {
    const wire = wireOf(2, [1]);
    expect(await chooseProtocol({ wire, clock, patienceMs: 1000 })).toEqual(protocols[2]);
    expect(wire.asked).toEqual([1, 2]);
  });

  test('asks until one is back', async () => {
    const down = [1, 2];
    const wire = wireOf(2, down);
    const cluster = wire.cluster.bind(wire);
    let looks = 0;
    wire.cluster = () => {
      looks += 1;
      if (looks === 4) down.pop();
      return cluster();
    };
    expect(await chooseProtocol({ wire, clock, patienceMs: 1000 })).toEqual(protocols[2]);
    expect(wire.asked).toEqual([1, 2, 1, 2]);
  });
});
