import { api } from '../protocol/api.ts';
import { bool, int16, int32, int64, since, string } from '../protocol/types.ts';

/** Ends a transaction. From version 5 on (transaction protocol 2) the answer holds the epoch of the next one. */
export const endTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: [3, 5],
  flexibleFrom: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    committed: bool,
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    producerId: since(5, int64, -1),
    producerEpoch: since(5, int16, -1),
  },
});
