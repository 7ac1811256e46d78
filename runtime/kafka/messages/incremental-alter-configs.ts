import { api } from '../protocol/api.ts';
import {
  array,
  bool,
  int16,
  int32,
  int8,
  nullableString,
  string,
  struct,
} from '../protocol/types.ts';

/** Changes single settings and leaves the others. `configOperation` 0 sets, 1 goes back to the default. */
export const incrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [1, 1],
  flexibleFrom: 1,
  request: {
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configs: array(struct({ name: string, configOperation: int8, value: nullableString })),
      }),
    ),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: int32,
    responses: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        resourceType: int8,
        resourceName: string,
      }),
    ),
  },
});
