import { api } from '../protocol/api.ts';
import { array, int16, int32, int64, nullableString, string, struct } from '../protocol/types.ts';

/**
 * Writes a group's positions in a transaction, fenced by the member's generation (KIP-447). Version 5 is transaction protocol 2.
 */
export const txnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [3, 5],
  flexibleFrom: 3,
  request: {
    transactionalId: string,
    groupId: string,
    producerId: int64,
    producerEpoch: int16,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullableString,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: int32,
            committedMetadata: nullableString,
          }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, errorCode: int16 })),
      }),
    ),
  },
});
