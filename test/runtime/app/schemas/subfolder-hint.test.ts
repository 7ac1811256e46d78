import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readTopology } from '../../../../runtime/app/topology-source.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-subfolder-'));
  mkdirSync(join(folder, 'schemas/geo'), { recursive: true });
  writeFileSync(
    join(folder, 'places.yaml'),
    'application: places\nschemas: schemas\n' +
      'streams:\n  places: { topic: places, key: string, value: geo.Place, partitions: 1 }\n' +
      '  kept: { topic: kept, key: string, value: geo.Place, partitions: 1 }\n' +
      'stages:\n  keep: { from: places, to: kept }\n',
  );
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function notes(): readonly string[] {
  const { problems } = readTopology(join(folder, 'places.yaml'));
  const unknown = problems.filter(({ code }) => code === 'E052');
  expect(unknown.length).toBeGreaterThan(0);
  return [...new Set(unknown.flatMap((it) => (it.notes ?? []).map(({ message }) => message)))];
}

test('an unknown type is told of schemas in a subfolder', () => {
  writeFileSync(join(folder, 'schemas/geo/place.avsc'), '{}');
  expect(notes()).toEqual([
    `there are schemas in ${join(folder, 'schemas/geo')}, and subfolders are not read: move them up`,
  ]);
});

test('an unknown type is told of no subfolder without schemas', () => {
  expect(notes()).toEqual([]);
});
