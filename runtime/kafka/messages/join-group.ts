import { api, type RequestOf, type ResponseOf } from '../protocol/api.ts';
import {
  array,
  bool,
  bytes,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
} from '../protocol/types.ts';

/**
 * Joins a group. The broker answers when all members have joined, or the rebalance time-out is over. Only the leader's answer lists the members.
 */
export const joinGroup = api({
  key: 11,
  name: 'JoinGroup',
  versions: [5, 9],
  flexibleFrom: 6,
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: int32,
    memberId: string,
    groupInstanceId: nullableString,
    protocolType: string,
    protocols: array(struct({ name: string, metadata: bytes })),
    reason: since(8, nullableString, null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    generationId: int32,
    protocolType: since(7, nullableString, null),
    protocolName: nullableString,
    leader: string,
    /** True for a leader that came back by its instance id: the group keeps the assignment it has. */
    skipAssignment: since(9, bool, false),
    memberId: string,
    members: array(struct({ memberId: string, groupInstanceId: nullableString, metadata: bytes })),
  },
});

export type JoinGroupRequest = RequestOf<typeof joinGroup>;
export type JoinGroupResponse = ResponseOf<typeof joinGroup>;
