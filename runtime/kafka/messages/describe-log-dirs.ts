import { api } from '../protocol/api.ts';
import {
  array,
  bool,
  int16,
  int32,
  int64,
  nullableArray,
  string,
  struct,
} from '../protocol/types.ts';

/** What a broker has on its disks: bytes of its replicas. `topics`: null asks for all. */
export const describeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [4, 4],
  flexibleFrom: 2,
  request: { topics: nullableArray(struct({ topic: string, partitions: array(int32) })) },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    results: array(
      struct({
        errorCode: int16,
        logDir: string,
        topics: array(
          struct({
            name: string,
            partitions: array(
              struct({
                partitionIndex: int32,
                partitionSize: int64,
                offsetLag: int64,
                isFutureKey: bool,
              }),
            ),
          }),
        ),
        totalBytes: int64,
        usableBytes: int64,
      }),
    ),
  },
});
