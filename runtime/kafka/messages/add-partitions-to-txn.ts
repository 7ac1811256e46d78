import { api } from '../protocol/api.ts';
import { array, int16, int32, int64, string, struct } from '../protocol/types.ts';

/** Makes partitions part of a transaction (protocol 1). Versions from 4 on are for brokers among themselves. */
export const addPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [3, 3],
  flexibleFrom: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    topics: array(struct({ name: string, partitions: array(int32) })),
  },
  response: {
    throttleTimeMs: int32,
    resultsByTopic: array(
      struct({
        name: string,
        resultsByPartition: array(struct({ partitionIndex: int32, partitionErrorCode: int16 })),
      }),
    ),
  },
});
