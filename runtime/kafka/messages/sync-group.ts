import { api, type RequestOf, type ResponseOf } from '../protocol/api.ts';
import {
  array,
  bytes,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
} from '../protocol/types.ts';

/** Hands in the assignment (leader), and asks for one's own. Answered when the leader's is there. */
export const syncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [3, 5],
  flexibleFrom: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullableString,
    protocolType: since(5, nullableString, null),
    protocolName: since(5, nullableString, null),
    assignments: array(struct({ memberId: string, assignment: bytes })),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    protocolType: since(5, nullableString, null),
    protocolName: since(5, nullableString, null),
    assignment: bytes,
  },
});

export type SyncGroupRequest = RequestOf<typeof syncGroup>;
export type SyncGroupResponse = ResponseOf<typeof syncGroup>;
