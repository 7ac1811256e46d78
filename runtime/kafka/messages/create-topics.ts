import { api } from '../protocol/api.ts';
import {
  array,
  bool,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  string,
  struct,
  tagged,
  uuid,
} from '../protocol/types.ts';

/** Creates topics. `numPartitions` and `replicationFactor` −1: as the brokers' defaults say. */
export const createTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [7, 7],
  flexibleFrom: 5,
  request: {
    topics: array(
      struct({
        name: string,
        numPartitions: int32,
        replicationFactor: int16,
        assignments: array(struct({ partitionIndex: int32, brokerIds: array(int32) })),
        configs: array(struct({ name: string, value: nullableString })),
      }),
    ),
    timeoutMs: int32,
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    topics: array(
      struct({
        name: string,
        topicId: uuid,
        errorCode: int16,
        errorMessage: nullableString,
        topicConfigErrorCode: tagged(0, int16, 0),
        numPartitions: int32,
        replicationFactor: int16,
        configs: nullableArray(
          struct({
            name: string,
            value: nullableString,
            readOnly: bool,
            configSource: int8,
            isSensitive: bool,
          }),
        ),
      }),
    ),
  },
});
