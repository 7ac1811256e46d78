import { api } from '../protocol/api.ts';
import {
  array,
  bool,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  string,
  struct,
} from '../protocol/types.ts';

/** A group's positions. `requireStable`: an error where a transaction with positions is pending. */
export const offsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [7, 7],
  flexibleFrom: 6,
  request: {
    groupId: string,
    /** null: all. */
    topics: nullableArray(struct({ name: string, partitionIndexes: array(int32) })),
    requireStable: bool,
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        partitions: array(
          struct({
            partitionIndex: int32,
            committedOffset: int64,
            committedLeaderEpoch: int32,
            metadata: nullableString,
            errorCode: int16,
          }),
        ),
      }),
    ),
    errorCode: int16,
  },
});
