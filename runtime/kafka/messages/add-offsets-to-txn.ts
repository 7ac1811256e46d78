import { api } from '../protocol/api.ts';
import { int16, int32, int64, string } from '../protocol/types.ts';

/** Makes a group's positions part of a transaction (protocol 1). */
export const addOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [3, 4],
  flexibleFrom: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    groupId: string,
  },
  response: { throttleTimeMs: int32, errorCode: int16 },
});
