import { persist } from '../admin/persist.ts';
import type { Asking } from '../ask-leaders.ts';
import { call } from '../client.ts';
import { apiVersions } from '../messages/api-versions.ts';
import { endTxn } from '../messages/end-txn.ts';
import { produce } from '../messages/produce.ts';
import { txnOffsetCommit } from '../messages/txn-offset-commit.ts';
import type { KafkaWire, NodeId } from '../wire.ts';

/**
 * One of Kafka's two ways to run transactions; a producer never mixes them.
 *
 * Protocol 1: the producer adds partitions and the group to a transaction, and keeps its epoch from one to the next. A Produce that comes late would join
 * the next transaction, so the epoch is raised after every abort. Protocol 2 (KIP-890): the brokers add what is written, and every end raises the epoch.
 */
export interface TransactionProtocol {
  readonly number: 1 | 2;
  /** Versions of the requests. */
  readonly produce: number;
  readonly txnOffsetCommit: number;
  readonly endTxn: number;
}

export const protocols: Readonly<Record<1 | 2, TransactionProtocol>> = {
  1: { number: 1, produce: 11, txnOffsetCommit: 4, endTxn: 4 },
  2: { number: 2, produce: 12, txnOffsetCommit: 5, endTxn: 5 },
};

const clientSoftwareVersion = '1';

/** A broker that hangs is not the only one that knows, ms. */
const oneBrokerMs = 5_000;

/**
 * Protocol 2 where the cluster has agreed on it (feature `transaction.version`), else protocol 1, in versions that the brokers take. Where a broker does not
 * answer, the next one is asked.
 * @throws {StorageError} LOG_UNAVAILABLE when the patience is at an end
 */
export function chooseProtocol(asking: Asking): Promise<TransactionProtocol> {
  const { wire } = asking;
  return persist(asking, 'say what it can do', async (failures) => {
    const { nodes } = await wire.cluster();
    return protocolOf(wire, nodes[failures % nodes.length]?.id ?? 0);
  });
}

async function protocolOf(wire: KafkaWire, node: NodeId): Promise<TransactionProtocol> {
  const { finalizedFeatures } = await call(
    wire,
    node,
    apiVersions,
    { clientSoftwareName: 'millrace', clientSoftwareVersion },
    { timeoutMs: oneBrokerMs },
  );
  const level = finalizedFeatures.find(({ name }) => name === 'transaction.version');
  if ((level?.maxVersionLevel ?? 0) >= 2) return protocols[2];
  const versions = await wire.versions(node);
  const newest = (key: number): number => versions.get(key)?.[1] ?? 0;
  return {
    number: 1,
    produce: Math.min(protocols[1].produce, newest(produce.key)),
    txnOffsetCommit: Math.min(protocols[1].txnOffsetCommit, newest(txnOffsetCommit.key)),
    endTxn: Math.min(protocols[1].endTxn, newest(endTxn.key)),
  };
}
