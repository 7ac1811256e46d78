import { api } from '../protocol/api.ts';
import { array, int16, int32, int64, string, struct, tagged } from '../protocol/types.ts';

/** Asks a broker for the versions that it takes. The header of its response never has tagged fields. */
export const apiVersions = api({
  key: 18,
  name: 'ApiVersions',
  versions: [3, 3],
  flexibleFrom: 3,
  request: {
    clientSoftwareName: string,
    clientSoftwareVersion: string,
  },
  response: {
    errorCode: int16,
    apiKeys: array(struct({ apiKey: int16, minVersion: int16, maxVersion: int16 })),
    throttleTimeMs: int32,
    supportedFeatures: tagged(
      0,
      array(struct({ name: string, minVersion: int16, maxVersion: int16 })),
      [],
    ),
    finalizedFeaturesEpoch: tagged(1, int64, -1),
    /** Feature → level that the cluster has agreed on, such as `transaction.version`. */
    finalizedFeatures: tagged(
      2,
      array(struct({ name: string, maxVersionLevel: int16, minVersionLevel: int16 })),
      [],
    ),
  },
});
