import { bufferCount, map, mergeMap, type Observable, pairwise, scan } from 'rxjs';
import { describe, expect, test } from 'vitest';
import {
  distinctByKey,
  type KeyValueStore,
  type ProcessStage,
  scanByKey,
  type StreamRecord,
} from '../../../processors/index.ts';
import { expectCutIndependent } from '../../../runtime/testing/index.ts';
import type { Definition } from '../../../topology/definition/definition.ts';
import { parseTopology } from '../../../topology/yaml/parse.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<
  { readonly in: Num },
  { readonly out: Num },
  { readonly memory: KeyValueStore<string, number> }
>;

function definitionOf(stores: string): Definition {
  const text = `
application: cuts
streams:
  numbers: { topic: numbers, key: string, value: long }
  results: { topic: results, key: string, value: long }
${stores === '' ? '' : 'stores: { memory: { key: string, value: long, ttl: none, why: a test } }'}
stages:
  run: { from: numbers, process: run, ${stores} out: { out: { key: string, value: long } } }
  send: { from: run.out, to: results }
errors: { default: { dead-letter: cuts.dead-letters } }
`;
  const { definition, problems } = parseTopology(text, 'cuts.yaml');
  expect(problems).toEqual([]);
  return definition as Definition;
}

const numbers = Array.from({ length: 40 }, (_, i) => ({
  key: `k${i % 3}`,
  value: (i * 7) % 11,
  time: i,
}));

async function failureOf(run: Stage, stores = ''): Promise<string> {
  try {
    await expectCutIndependent({
      definition: definitionOf(stores),
      functions: { run },
      inputs: [{ numbers: numbers.slice(0, 20) }, { numbers: numbers.slice(20) }],
      runs: 4,
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return '';
}

const process =
  (operator: (in$: Observable<Num>) => Observable<Num>): Stage =>
  (inputs) => ({ out: operator(inputs.in) });

describe('expectCutIndependent', () => {
  test('catches a bare scan, and names output, key, first difference and seed', async () => {
    const total = process((in$) => in$.pipe(scan((sum, it) => it.withValue(sum.value + it.value))));
    const message = await failureOf(total);
    expect(message).toMatch(
      /^the result depends on where batches are cut \(batches of 1 to 2, seed 1\): output "results", key "k\d": number \d+ is \d+ at \d+ with one record per batch, and \d+ at \d+ with these cuts; what a stage remembers from record to record belongs in a store: scanByKey, distinctByKey, or a store of its own$/,
    );
  });

  test('catches a bare pairwise', async () => {
    const steps = process((in$) =>
      in$.pipe(
        pairwise(),
        map(([a, b]) => b.withValue(b.value - a.value)),
      ),
    );
    expect(await failureOf(steps)).toMatch(/output "results", key .* is missing with one record/);
  });

  test('catches a bare bufferCount', async () => {
    const pairs = process((in$) =>
      in$.pipe(
        bufferCount(2),
        mergeMap((two) => two.slice(-1)),
      ),
    );
    expect(await failureOf(pairs)).toContain('output "results"');
  });

  test('lets scanByKey pass, which keeps its memory in a store', async () => {
    const total: Stage = (inputs, context) => ({
      out: inputs.in.pipe(
        scanByKey(context.store('memory'), (sum: number | undefined, it) => (sum ?? 0) + it.value),
      ),
    });
    expect(await failureOf(total, 'stores: [memory],')).toBe('');
  });

  test('lets distinctByKey pass', async () => {
    const changes: Stage = (inputs, context) => ({
      out: inputs.in.pipe(distinctByKey(context.store('memory'), (value) => value % 2)),
    });
    expect(await failureOf(changes, 'stores: [memory],')).toBe('');
  });

  test('lets a stage pass that dead-letters some records', async () => {
    const odd = process((in$) =>
      in$.pipe(
        map((it) => {
          if (it.value % 5 === 0) throw new Error(`no ${it.value}`);
          return it;
        }),
      ),
    );
    expect(await failureOf(odd)).toBe('');
  });

  test('refuses a number of runs that is none', async () => {
    const run = process((in$) => in$);
    const options = { definition: definitionOf(''), functions: { run }, inputs: [], runs: 0 };
    await expect(expectCutIndependent(options)).rejects.toThrow(
      'runs is 0; it must be a whole number from 1',
    );
  });
});
