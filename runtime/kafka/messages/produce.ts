import { api } from '../protocol/api.ts';
import {
  array,
  int16,
  int32,
  int64,
  nullableBytes,
  nullableString,
  string,
  struct,
} from '../protocol/types.ts';

/**
 * Appends record batches, one per partition. Version 12 is transaction protocol 2: the broker adds the partition to the transaction.
 */
export const produce = api({
  key: 0,
  name: 'Produce',
  versions: [9, 12],
  flexibleFrom: 9,
  request: {
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topicData: array(
      struct({
        name: string,
        partitionData: array(struct({ index: int32, records: nullableBytes })),
      }),
    ),
  },
  response: {
    responses: array(
      struct({
        name: string,
        partitionResponses: array(
          struct({
            index: int32,
            errorCode: int16,
            baseOffset: int64,
            logAppendTimeMs: int64,
            logStartOffset: int64,
            recordErrors: array(
              struct({ batchIndex: int32, batchIndexErrorMessage: nullableString }),
            ),
            errorMessage: nullableString,
          }),
        ),
      }),
    ),
    throttleTimeMs: int32,
  },
});
