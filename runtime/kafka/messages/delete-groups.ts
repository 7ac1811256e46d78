import { api } from '../protocol/api.ts';
import { array, int16, int32, string, struct } from '../protocol/types.ts';

/** Deletes groups without members, with their positions. For their coordinator. */
export const deleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [2, 2],
  flexibleFrom: 2,
  request: { groupsNames: array(string) },
  response: {
    throttleTimeMs: int32,
    results: array(struct({ groupId: string, errorCode: int16 })),
  },
});
