import { api } from '../protocol/api.ts';
import { array, int16, int32, nullableString, struct, uuid } from '../protocol/types.ts';

/** Deletes topics, by name, or by id where `name` is null. */
export const deleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [6, 6],
  flexibleFrom: 4,
  request: {
    topics: array(struct({ name: nullableString, topicId: uuid })),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32,
    responses: array(
      struct({
        name: nullableString,
        topicId: uuid,
        errorCode: int16,
        errorMessage: nullableString,
      }),
    ),
  },
});
