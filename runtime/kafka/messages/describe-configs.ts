import { api } from '../protocol/api.ts';
import {
  array,
  bool,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  string,
  struct,
} from '../protocol/types.ts';

/**
 * Settings of topics (`resourceType` 2) and brokers (4). `configurationKeys`: null asks for all. `configSource` 1: set on the topic itself; the
 * others are defaults of the brokers.
 */
export const describeConfigs = api({
  key: 32,
  name: 'DescribeConfigs',
  versions: [4, 4],
  flexibleFrom: 4,
  request: {
    resources: array(
      struct({
        resourceType: int8,
        resourceName: string,
        configurationKeys: nullableArray(string),
      }),
    ),
    includeSynonyms: bool,
    includeDocumentation: bool,
  },
  response: {
    throttleTimeMs: int32,
    results: array(
      struct({
        errorCode: int16,
        errorMessage: nullableString,
        resourceType: int8,
        resourceName: string,
        configs: array(
          struct({
            name: string,
            value: nullableString,
            readOnly: bool,
            configSource: int8,
            isSensitive: bool,
            synonyms: array(struct({ name: string, value: nullableString, source: int8 })),
            configType: int8,
            documentation: nullableString,
          }),
        ),
      }),
    ),
  },
});
