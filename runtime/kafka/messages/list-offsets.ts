import { api } from '../protocol/api.ts';
import { array, int16, int32, int64, int8, string, struct } from '../protocol/types.ts';

/** Offsets by time; −1 stands for the end (by isolation level), −2 for the start. */
export const listOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [6, 9],
  flexibleFrom: 6,
  request: {
    replicaId: int32,
    isolationLevel: int8,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({ partitionIndex: int32, currentLeaderEpoch: int32, timestamp: int64 }),
        ),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            errorCode: int16,
            timestamp: int64,
            offset: int64,
            leaderEpoch: int32,
          }),
        ),
      }),
    ),
  },
});
