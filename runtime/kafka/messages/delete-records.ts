import { api } from '../protocol/api.ts';
import { array, int16, int32, int64, string, struct } from '../protocol/types.ts';

/** Deletes the records before offsets. For the leader of each partition. */
export const deleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [2, 2],
  flexibleFrom: 2,
  request: {
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, offset: int64 })),
      }),
    ),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(struct({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 })),
      }),
    ),
  },
});
