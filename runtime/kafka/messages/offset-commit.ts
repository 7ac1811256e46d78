import { api } from '../protocol/api.ts';
import { array, int16, int32, int64, nullableString, string, struct } from '../protocol/types.ts';

/** Writes a group's positions outside of a transaction. Without a member: generation −1, id ''. */
export const offsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [8, 9],
  flexibleFrom: 8,
  request: {
    groupId: string,
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
