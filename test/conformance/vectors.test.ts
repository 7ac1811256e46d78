import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Vector } from './vector.ts';
import { translate } from './vectors.ts';

const folder = new URL('./vectors/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

function vectorsOf(file: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as readonly Vector[];
}

/** Vectors that wait for a later issue, with the reason. */
const later = {
  'KStreamImplTest.shouldSupportTableTableJoinWithKStreamToKTable': 'tableTableJoin',
  'KStreamImplValueJoinerWithKeyTest.shouldIncludeKeyInStreamLeftJoinResults': 'streamStreamJoin',
  'KTableAggregateTest.testAggOfVersionedStore': 'versioned store',
  'KTableAggregateTest.testCountOfVersionedStore': 'versioned store',
  'KTableFilterTest.shouldSkipNullIfVersionedDownstream': 'versioned store',
  'StreamTableJoinIntegrationTest.testInnerWithVersionedStore[cacheEnabled=false]':
    'versioned store',
  'StreamTableJoinWithGraceIntegrationTest.testInnerWithVersionedStore[cacheEnabled=false]':
    'versioned store',
  'StreamTableJoinWithGraceIntegrationTest.testLeftWithVersionedStore[cacheEnabled=false]':
    'versioned store',
};

describe('translate', () => {
  const all = files.flatMap(vectorsOf).filter((vector) => vector.topology !== undefined);

  test('takes every vector of this issue and names the reason for the others', () => {
    const reasons = all.flatMap((vector) => {
      const translated = translate(vector);
      return 'unsupported' in translated ? [[vector.name, translated.unsupported] as const] : [];
    });
    expect(Object.fromEntries(reasons)).toEqual(later);
  });

  test('gives plain data, the same each time', () => {
    for (const vector of all) {
      const translated = translate(vector);
      if ('unsupported' in translated) continue;
      const { definition } = translated;
      expect(JSON.parse(JSON.stringify(definition))).toEqual(definition);
      const again = translate(vector);
      expect('definition' in again && again.definition).toEqual(definition);
    }
  });

  test('turns groupings into part of the aggregation, and old values into a reader of them', () => {
    const vector: Vector = {
      name: 'example',
      topology: {
        nodes: [
          { id: 'n1', op: 'table', topic: 't', sendOldValues: true },
          { id: 'n2', op: 'tableGroupBy', in: ['n1'], fn: 'key=value,value=value' },
          { id: 'n3', op: 'tableCount', in: ['n2'] },
        ],
        outputs: { out: { node: 'n3', view: 'changes' } },
      },
      steps: [{ inputs: [{ topic: 't', key: 1, value: 'x', ts: 0 }], expected: [] }],
    };
    const translated = translate(vector);
    if ('unsupported' in translated) throw new Error(translated.unsupported);
    expect(translated.definition).toEqual({
      application: 'vector',
      streams: { 'result-out': { topics: ['out'], key: 'string', value: 'long', partitions: 1 } },
      tables: { n1: { topics: ['t'], key: 'long', value: 'string', partitions: 1 } },
      stores: {},
      calls: {},
      stages: {
        'n1-old': {
          inputs: [{ name: 'in', from: ['n1'] }],
          operator: { kind: 'count', group: { by: 'expr', key: 'key' } },
        },
        n3: {
          inputs: [{ name: 'in', from: ['n1'] }],
          operator: { kind: 'count', group: { by: 'expr', key: 'value' } },
        },
        'to-out': {
          inputs: [{ name: 'in', from: ['n3'] }],
          operator: { kind: 'to-stream' },
          to: [{ stream: 'result-out' }],
        },
      },
    });
    expect([...translated.outputs]).toEqual([['out', 'out']]);
  });
});
