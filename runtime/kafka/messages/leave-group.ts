import { api, type RequestOf, type ResponseOf } from '../protocol/api.ts';
import { array, int16, int32, nullableString, since, string, struct } from '../protocol/types.ts';

/** Takes members out of a group. A static member is named by its instance id; its member id may then be empty. */
export const leaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [3, 5],
  flexibleFrom: 4,
  request: {
    groupId: string,
    members: array(
      struct({
        memberId: string,
        groupInstanceId: nullableString,
        reason: since(5, nullableString, null),
      }),
    ),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    members: array(struct({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })),
  },
});

export type LeaveGroupRequest = RequestOf<typeof leaveGroup>;
export type LeaveGroupResponse = ResponseOf<typeof leaveGroup>;
