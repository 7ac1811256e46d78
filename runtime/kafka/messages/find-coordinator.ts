import { api } from '../protocol/api.ts';
import { array, int16, int32, int8, nullableString, string, struct } from '../protocol/types.ts';

/** Finds the brokers that look after groups (`keyType` 0) or transactional ids (1). */
export const findCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [4, 4],
  flexibleFrom: 3,
  request: {
    keyType: int8,
    coordinatorKeys: array(string),
  },
  response: {
    throttleTimeMs: int32,
    coordinators: array(
      struct({
        key: string,
        nodeId: int32,
        host: string,
        port: int32,
        errorCode: int16,
        errorMessage: nullableString,
      }),
    ),
  },
});
