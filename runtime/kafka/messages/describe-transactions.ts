import { api, type ResponseOf } from '../protocol/api.ts';
import { array, int16, int32, int64, string, struct } from '../protocol/types.ts';

/** The state of transactional ids, asked of their coordinator (KIP-664). */
export const describeTransactions = api({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  flexibleFrom: 0,
  request: { transactionalIds: array(string) },
  response: {
    throttleTimeMs: int32,
    transactionStates: array(
      struct({
        errorCode: int16,
        transactionalId: string,
        /** `Ongoing`: open. */
        transactionState: string,
        transactionTimeoutMs: int32,
        transactionStartTimeMs: int64,
        producerId: int64,
        producerEpoch: int16,
        topics: array(struct({ topic: string, partitions: array(int32) })),
      }),
    ),
  },
});

export type DescribedTransaction = ResponseOf<
  typeof describeTransactions
>['transactionStates'][number];
