import { api } from '../protocol/api.ts';
import { array, int16, int32, since, string, struct } from '../protocol/types.ts';

/** The groups that a broker coordinates; empty filters: all. */
export const listGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [4, 5],
  flexibleFrom: 3,
  request: {
    statesFilter: array(string),
    typesFilter: since(5, array(string), []),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    groups: array(
      struct({
        groupId: string,
        protocolType: string,
        groupState: string,
        groupType: since(5, string, ''),
      }),
    ),
  },
});
