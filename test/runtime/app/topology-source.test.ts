import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  checkedGraph,
  placeOfTopic,
  readTopology,
  renderTopologyProblems,
  topologyProblemsToJson,
  TopologyError,
} from '../../../runtime/app/topology-source.ts';
import { projects, words } from '../cli/project.ts';
import { payments } from './payments-project.ts';

const project = projects();
const topology = words['words.yaml'] as string;

function read(change: Readonly<Record<string, string>>) {
  return readTopology(join(project({ ...words, ...change }), 'words.yaml'));
}

/** Codes and places of all problems, in order. */
function found(change: Readonly<Record<string, string>>): string[] {
  return topologyProblemsToJson(read(change)).map(
    ({ code, file, line }) => `${code} ${file?.replace(/^.*\//, '')}:${line}`,
  );
}

describe('readTopology', () => {
  test('finds nothing wrong with a sound project', () => {
    const source = read({});
    expect(source.problems).toEqual([]);
    expect(renderTopologyProblems(source)).toBe('');
    expect(checkedGraph(source).definition.application).toBe('words');
  });

  test('reports schemas first, then the topology, and does not call a broken type unknown', () => {
    expect(
      found({
        'schemas/said.avsc': '{ "type": "record", "name": "text.Said" }',
        'words.yaml': topology.replace('partitions: 2 }', 'partitons: 2 }'),
      }),
    ).toEqual(['S002 said.avsc:1', 'E003 words.yaml:5']);
  });

  test('does not report what only follows from an entry that cannot be read', () => {
    const cut = topology.replace(
      'said: { topic: said, key: string, value: text.Said',
      'said: { topic: said',
    );
    expect(found({ 'words.yaml': cut })).toEqual(['E006 words.yaml:5']);
  });

  test('points at every use of a missing function', () => {
    const twice = topology.replace(
      'counts:',
      'again: { from: said, filter: { use: louder }, drop: [out] }\n  counts:',
    );
    expect(found({ 'words.yaml': twice.replace('use: shout', 'use: whisper') })).toEqual([
      'F002 words.yaml:8',
      'F002 words.yaml:9',
    ]);
  });

  test('says nothing of a call without a file: the runner file may have its URL', () => {
    const text = (payments['pay.yaml'] as string).replace('processors: processors\n', '');
    const folder = project({ ...payments, 'pay.yaml': text });
    expect(readTopology(join(folder, 'pay.yaml')).problems).toEqual([]);
  });

  test('shows at most 50 problems, and counts them all', () => {
    const streams = Array.from({ length: 60 }, (_, i) => `  s${i}: { topik: s, key: string }`);
    const text = renderTopologyProblems(
      read({
        'words.yaml': topology.replace('streams:', `streams:\n${streams.join('\n')}`),
        'schemas/said.avsc': '{',
      }),
    );
    expect(text.match(/error\[/g)).toHaveLength(50);
    expect(text).toMatch(/^.*said\.avsc:1:2 error\[S001\]/);
    expect(text).toMatch(/\n\d+ errors; the first 50 are shown\n$/);
  });

  test('throws all of them where a graph is needed', () => {
    const source = read({ 'words.yaml': topology.replace('from: said', 'from: sayed') });
    expect(() => checkedGraph(source)).toThrow(TopologyError);
    expect(() => checkedGraph(source)).toThrow(renderTopologyProblems(source));
  });
});

describe('placeOfTopic', () => {
  test('points at the key, or at the stream where the key is not written', () => {
    const place = placeOfTopic(read({}));
    expect(place('said', 'partitions')).toMatch(/words\.yaml:5:83$/);
    expect(place('said', 'cleanup')).toMatch(/words\.yaml:5:3$/);
    expect(place('words-control', 'partitions')).toBeUndefined();
  });
});
