import { map, merge, mergeMap } from 'rxjs';
import { expect, test } from 'vitest';
import type { ProcessStage, Punctuation, StreamRecord } from '../../../processors/index.ts';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import { errorHeaders, oneStage } from '../topology.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<{ readonly in: Num }, { readonly out: Num }>;

/** Origin of the dead letters of a run over one record. */
async function originsOf(run: unknown, beside = ''): Promise<readonly (string | undefined)[]> {
  const driver = await TopologyDriver.start({
    definition: oneStage(beside),
    functions: { run },
    partitions: 1,
  });
  await driver.pipe('numbers', { key: 'a', value: 1, time: 5 });
  await driver.advance('2s');
  const letters = await driver.all('one.dead-letters');
  await driver.close();
  return letters.map((letter) => errorHeaders(letter)['origin']);
}

test('a record that fails is an input record, none of whose effects are left', async () => {
  const run: Stage = (inputs) => ({
    out: inputs.in.pipe(
      map(() => {
        throw new Error('no');
      }),
    ),
  });
  expect(await originsOf(run)).toEqual(['record']);
});

test('a record that a stage sets aside is said to be that, and one that it made', async () => {
  const run: Stage = (inputs, context) => ({
    out: inputs.in.pipe(
      mergeMap((it) => {
        context.deadLetter(it, 'unwanted');
        const made: Num = context.record({ key: it.key, value: 2, time: it.time });
        context.deadLetter(made, 'unwanted, too');
        return [];
      }),
    ),
  });
  expect(await originsOf(run)).toEqual(['rejected', 'derived']);
});

test('a punctuation that fails has no input record', async () => {
  const run: ProcessStage<
    { readonly in: Num; readonly tick: Punctuation },
    { readonly out: Num }
  > = (inputs) => ({
    out: merge(
      inputs.in,
      inputs.tick.pipe(
        map((): Num => {
          throw new Error('no');
        }),
      ),
    ),
  });
  const beside = 'punctuate: { tick: { every: 1s, by: wall-clock } },';
  expect(new Set(await originsOf(run, beside))).toEqual(new Set(['punctuation']));
});
