import { describe, expect, test } from 'vitest';
import { compareManifests } from '../../../../topology/plan/compare/compare.ts';
import { differenceText, hardest } from '../../../../topology/plan/compare/difference.ts';
import { compare, manifest, orders } from './edits.ts';

/** The shipped topology, with a topic that is written, whose settings these are. */
function copied(settings: string): string {
  return orders
    .replace(
      '  paid:  ',
      `  copies: { topic: copies, key: shop.Line, value: shop.OrderPaid${settings} }\n  paid:  `,
    )
    .replace(
      '\nerrors:\n',
      "\n  copy: { from: paid, key: 'value.lines[0]', to: copies }\n\nerrors:\n",
    );
}

function verdicts(from: string, to: string): string[] {
  return compare(manifest(copied(from)), manifest(copied(to))).map(differenceText);
}

const history =
  'what is there is read as before, by its ids; what may be written is judged by the mode and the versions of that subject from now on';

describe('the subject of a topic', () => {
  test('may change while members of both versions run: records are read by their ids', () => {
    expect(verdicts('', ', subject: record')).toEqual([
      `rolling   topic "copies": the subject of its values is called by record instead of by topic; ${history}`,
    ]);
    expect(verdicts(', subject: record', '')).toEqual([
      `rolling   topic "copies": the subject of its values is called by topic instead of by record; ${history}`,
    ]);
  });

  test('says of keys that their bytes may be others', () => {
    expect(verdicts(', key-subject: record', ', key-subject: topic-record')).toEqual([
      'rolling   topic "copies": the subject of its keys is called by topic-record instead of by record; ' +
        `${history}; keys that get another id there are other bytes: another partition, and compaction keeps both`,
    ]);
  });

  test('is the same where the default is written out', () => {
    expect(verdicts('', ', subject: topic, key-subject: topic')).toEqual([]);
  });

  test('is called after the topic in manifests of versions that wrote none down', () => {
    const now = manifest(copied(''));
    const old = JSON.parse(JSON.stringify(now)) as typeof now;
    expect(old.topics['copies']).not.toHaveProperty('subject');
    expect(hardest(compareManifests(old, now, () => true))).toBeUndefined();
  });
});
