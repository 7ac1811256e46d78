import { api } from '../protocol/api.ts';
import {
  array,
  bool,
  int16,
  int32,
  nullableArray,
  nullableString,
  string,
  struct,
  uuid,
} from '../protocol/types.ts';

/** Brokers and topics of a cluster. `topics`: null asks for all, an empty list for none. */
export const metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [12, 12],
  flexibleFrom: 9,
  request: {
    topics: nullableArray(struct({ topicId: uuid, name: nullableString })),
    allowAutoTopicCreation: bool,
    includeTopicAuthorizedOperations: bool,
  },
  response: {
    throttleTimeMs: int32,
    brokers: array(struct({ nodeId: int32, host: string, port: int32, rack: nullableString })),
    clusterId: nullableString,
    controllerId: int32,
    topics: array(
      struct({
        errorCode: int16,
        name: nullableString,
        topicId: uuid,
        isInternal: bool,
        partitions: array(
          struct({
            errorCode: int16,
            partitionIndex: int32,
            leaderId: int32,
            leaderEpoch: int32,
            replicaNodes: array(int32),
            isrNodes: array(int32),
            offlineReplicas: array(int32),
          }),
        ),
        topicAuthorizedOperations: int32,
      }),
    ),
  },
});
