import { api } from '../protocol/api.ts';
import { int16, int32, int64, nullableString } from '../protocol/types.ts';

/**
 * Gives a producer its id and epoch. With a transactional id and no epoch (−1, −1) it fences whoever had it; with both it raises the caller's own epoch.
 */
export const initProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [3, 5],
  flexibleFrom: 2,
  request: {
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: int64,
    producerEpoch: int16,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: int64,
    producerEpoch: int16,
  },
});
