import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { differences } from './compare-json.ts';
import { declaredApis } from './declared.ts';

/** A message as the Java client writes it (`test/broker/java/WireVectors.java`). */
interface Vector {
  readonly api: number;
  readonly side: 'request' | 'response';
  readonly version: number;
  readonly fill: 'full' | 'bare';
  readonly hex: string;
  readonly json: unknown;
}

const vectors = readFileSync(new URL('wire-vectors.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector);
const apis = await declaredApis();

/** Tagged fields of Kafka that nothing here reads. */
const leftOut: Readonly<Record<string, readonly string[]>> = {
  'Produce response': ['responses.partitionResponses.currentLeader', 'nodeEndpoints'],
  'Fetch request': ['clusterId'],
  'Fetch response': [
    'responses.partitions.divergingEpoch',
    'responses.partitions.currentLeader',
    'responses.partitions.snapshotId',
  ],
  'ApiVersions response': ['zkMigrationReady'],
};

describe.each(apis.map((api) => [api.name, api] as const))('%s', (_, api) => {
  const own = vectors.filter((it) => it.api === api.key);

  test('has vectors of the Java client for each version', () => {
    const versions = new Set(own.map(({ version }) => version));
    const [oldest, newest] = api.versions;
    for (let v = oldest; v <= newest; v++) expect(versions).toContain(v);
  });

  test.each(own.map((it) => [it.version, it.side, it.fill, it] as const))(
    'reads and writes version %i, %s, %s, like the Java client',
    (version, side, _fill, vector) => {
      const bytes = Buffer.from(vector.hex, 'hex');
      const ours =
        side === 'request' ? api.decodeRequest(bytes, version) : api.decode(bytes, version);
      const unread = leftOut[`${api.name} ${side}`] ?? [];
      expect(differences(vector.json, ours).filter((it) => !isOneOf(unread, it))).toEqual([]);
      if (unread.length > 0 && vector.fill === 'full') return;
      const written =
        side === 'request' ? api.encode(ours, version) : api.encodeResponse(ours, version);
      expect(written.toString('hex')).toBe(vector.hex);
    },
  );
});

/** True for a difference that is a field, at this path, which is not declared. */
function isOneOf(paths: readonly string[], difference: string): boolean {
  const plain = difference.replaceAll(/\[\d+\]/g, '');
  return paths.some((path) => plain === `.${path}: not declared`);
}
