import { api, type RequestOf, type ResponseOf } from '../protocol/api.ts';
import { int16, int32, nullableString, string } from '../protocol/types.ts';

/** Says that a member lives; the answer says whether the group is about to change. */
export const heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [3, 4],
  flexibleFrom: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: nullableString,
  },
  response: { throttleTimeMs: int32, errorCode: int16 },
});

export type HeartbeatRequest = RequestOf<typeof heartbeat>;
export type HeartbeatResponse = ResponseOf<typeof heartbeat>;
