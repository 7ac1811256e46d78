import type { ResponseOf } from '../protocol/api.ts';
import type { metadata } from '../messages/metadata.ts';
import type { ClusterMetadata, TopicMetadata } from '../wire.ts';

type Metadata = ResponseOf<typeof metadata>;

/** The cluster of a Metadata response. */
export function clusterOf(response: Metadata): ClusterMetadata {
  return {
    clusterId: response.clusterId ?? '',
    controller: response.controllerId,
    nodes: response.brokers.map(({ nodeId: id, host, port }) => ({ id, host, port })),
  };
}

/** A topic of a Metadata response; its partitions by number. */
export function topicOf(topic: Metadata['topics'][number]): TopicMetadata {
  return {
    name: topic.name ?? '',
    id: topic.topicId,
    internal: topic.isInternal,
    partitions: topic.partitions
      .map((it) => ({
        partition: it.partitionIndex,
        leader: it.leaderId,
        replicas: it.replicaNodes,
        inSync: it.isrNodes,
      }))
      .toSorted((a, b) => a.partition - b.partition),
  };
}
