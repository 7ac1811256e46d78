import { merge, mergeMap } from 'rxjs';
import { describe, expect, test, vi } from 'vitest';
import {
  effect,
  type KeyValueStore,
  type ProcessStage,
  type Punctuation,
  type StreamRecord,
} from '../../../processors/index.ts';
import { type CrashPoint, TopologyDriver } from '../../../runtime/testing/index.ts';
import type { Definition } from '../../../topology/definition/definition.ts';
import { definitionOf, errorHeaders, oneStage } from '../topology.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<
  { readonly in: Num; readonly tick: Punctuation },
  { readonly out: Num },
  { readonly memory: KeyValueStore<string, number> }
>;

function every10(by: 'stream-time' | 'wall-clock'): Definition {
  return oneStage(`stores: [memory], punctuate: { tick: { every: 10ms, by: ${by} } },`);
}

/** Counts records; each tick sends the count so far, with the tick's time. */
const counting: Stage = (inputs, context) => {
  const memory = context.store('memory');
  const count = (): number => memory.get('count') ?? 0;
  return {
    out: inputs.tick.pipe(
      mergeMap(({ time }) => [context.record({ key: 'count', value: count(), time })]),
    ),
    effects: inputs.in.pipe(effect(() => memory.put('count', count() + 1))),
  };
};

async function start(definition: Definition, run: Stage): Promise<TopologyDriver> {
  return TopologyDriver.start({ definition, functions: { run }, partitions: 1 });
}

const at = (...times: readonly number[]) => times.map((time) => ({ key: 'a', value: 1, time }));

async function ticks(driver: TopologyDriver): Promise<readonly (readonly unknown[])[]> {
  return (await driver.all('results')).map(({ value, time }) => [value, time]);
}

describe('a stream-time punctuation', () => {
  test('fires with the record that makes it due, behind that record, once for missed ticks', async () => {
    const driver = await start(every10('stream-time'), counting);
    await driver.send('numbers', ...at(0, 4, 9, 10, 11, 45, 20, 49, 50));
    await driver.settle();
    expect(await ticks(driver)).toEqual([
      [1, 0],
      [4, 10],
      [6, 45],
      [9, 50],
    ]);
    await driver.close();
  });

  test('does not fire again for what a crash repeats', async () => {
    for (const point of ['batch.completed', 'commit.logged', 'commit.applied'] as const) {
      const driver = await start(every10('stream-time'), counting);
      for (const record of at(0, 4, 10, 25, 26, 31)) {
        driver.crashAt(point);
        await driver.pipe('numbers', record);
      }
      expect(driver.crashes, point).toBe(6);
      expect(await ticks(driver), point).toEqual([
        [1, 0],
        [3, 10],
        [4, 25],
        [6, 31],
      ]);
      await driver.close();
    }
  });
});

describe('a wall-clock punctuation', () => {
  test('fires first an interval after the start, then on its grid, without any record', async () => {
    const driver = await start(every10('wall-clock'), counting);
    await driver.advance(9);
    expect(await ticks(driver)).toEqual([]);
    await driver.advance(1);
    await driver.pipe('numbers', ...at(3));
    await driver.advance(25);
    expect(await ticks(driver)).toEqual([
      [0, 10],
      [1, 20],
      [1, 30],
    ]);
    await driver.close();
  });

  test.each<CrashPoint>(['batch.completed', 'commit.begin', 'commit.logged', 'commit.applied'])(
    'fires once where a crash comes at %s',
    async (point) => {
      const driver = await start(every10('wall-clock'), counting);
      await driver.pipe('numbers', ...at(3));
      driver.crashAt(point);
      await driver.advance(10);
      await driver.advance(10);
      expect(driver.crashes).toBe(1);
      expect(await ticks(driver)).toEqual([
        [1, 10],
        [1, 20],
      ]);
      await driver.close();
    },
  );

  test('keeps its grid over a crash between two ticks', async () => {
    const driver = await start(every10('wall-clock'), counting);
    await driver.pipe('numbers', ...at(3));
    await driver.advance(15);
    await driver.crash();
    await driver.advance(10);
    expect((await ticks(driver)).map(([, time]) => time)).toEqual([10, 20]);
    await driver.close();
  });
});

describe('a wall clock that jumps', () => {
  test('back delays a punctuation by an interval at most, restarts included', async () => {
    const driver = await start(every10('wall-clock'), counting);
    const clock = vi.spyOn(driver.clock, 'now');
    // As on a machine that starts with a wrong clock.
    clock.mockReturnValue(1e12);
    await driver.settle();
    await driver.pipe('numbers', ...at(3));
    expect(await ticks(driver)).toEqual([[0, 1e12]]);
    clock.mockReturnValue(1005);
    await driver.crash();
    await driver.settle();
    clock.mockReturnValue(1010);
    await driver.settle();
    expect(await ticks(driver)).toEqual([
      [0, 1e12],
      [1, 1010],
    ]);
    await driver.close();
  });
});

describe('a punctuation', () => {
  test('that takes longer than its interval does not keep the records out', async () => {
    let now = 0;
    const slow: Stage = (inputs, context) => ({
      out: merge(
        inputs.in,
        inputs.tick.pipe(
          mergeMap(({ time }) => {
            if (now < 500) now += 20;
            return [context.record({ key: 'tick', value: 0, time })];
          }),
        ),
      ),
    });
    const driver = await start(every10('wall-clock'), slow);
    vi.spyOn(driver.clock, 'now').mockImplementation(() => now);
    await driver.send('numbers', ...at(1, 2));
    now = 10;
    await driver.settle();
    const keys = (await driver.all('results')).map(({ key }) => key);
    expect(keys.slice(0, 4)).toEqual(['tick', 'a', 'a', 'tick']);
    await driver.close();
  });

  test('never fires again once it is cancelled, restarts included', async () => {
    const once: Stage = (inputs, context) => ({
      out: inputs.tick.pipe(
        mergeMap((tick) => {
          if (tick.time >= 20) tick.cancel();
          return [context.record({ key: 'tick', value: 0, time: tick.time })];
        }),
      ),
      effects: inputs.in.pipe(effect(() => {})),
    });
    for (const by of ['stream-time', 'wall-clock'] as const) {
      const driver = await start(every10(by), once);
      for (const record of at(10, 20, 30)) {
        await driver.advance(10);
        await driver.pipe('numbers', record);
      }
      await driver.crash();
      await driver.advance(50);
      await driver.pipe('numbers', ...at(100));
      expect(
        (await ticks(driver)).map(([, time]) => time),
        by,
      ).toEqual([10, 20]);
      await driver.close();
    }
  });

  test('dead-letters a record of its own as text, since it has no bytes', async () => {
    const rejecting: Stage = (inputs, context) => ({
      out: inputs.in,
      effects: inputs.tick.pipe(
        effect(({ time }) => {
          context.deadLetter(context.record({ key: 'a', value: 5, time }), 'unwanted');
        }),
      ),
    });
    const driver = await start(every10('wall-clock'), rejecting);
    await driver.advance(10);
    const letters = await driver.all('one.dead-letters');
    expect(letters.map(({ key, value, time }) => [String(key), String(value), time])).toEqual([
      ['"a"', '5', 10],
    ]);
    await driver.close();
  });

  test('is not cancelled where its batch failed', async () => {
    const failing: Stage = (inputs, context) => ({
      out: merge(
        inputs.tick.pipe(
          mergeMap((tick) => {
            tick.cancel();
            if (tick.time === 10) throw new Error('no tick at 10');
            return [context.record({ key: 'tick', value: 0, time: tick.time })];
          }),
        ),
        inputs.in,
      ),
    });
    const driver = await start(every10('wall-clock'), failing);
    await driver.advance(40);
    expect(await ticks(driver)).toEqual([[0, 20]]);
    const letters = await driver.all('one.dead-letters');
    expect(letters.map(({ key, value }) => [key, String(value)])).toEqual([
      [null, '{"punctuation":"tick","time":10}'],
    ]);
    expect(errorHeaders(letters[0] as NonNullable<(typeof letters)[0]>)).toMatchObject({
      message: 'stage "run" failed: no tick at 10',
      stage: 'run',
      offset: '-1',
    });
    expect(driver.outcomes('run')).toMatchObject({ deadLettered: 1 });
    await driver.close();
  });

  test('whose record fails in a stage below is counted there as taken and dead-lettered', async () => {
    const definition = definitionOf(`
application: below
streams:
  numbers: { topic: numbers, key: string, value: long }
  results: { topic: results, key: string, value: long }
stages:
  run:   { in: { in: numbers }, process: run, punctuate: { tick: { every: 10ms, by: wall-clock } }, out: { out: { key: string, value: long } } }
  check: { from: run.out, peek: { use: check }, to: results }
errors: { default: { dead-letter: below.dead-letters } }
`);
    const run: Stage = (inputs, context) => ({
      out: inputs.tick.pipe(
        mergeMap(({ time }) => [context.record({ key: 'tick', value: 0, time })]),
      ),
      effects: inputs.in.pipe(effect(() => {})),
    });
    const check = (): void => {
      throw new Error('no');
    };
    const driver = await TopologyDriver.start({
      definition,
      functions: { run, check },
      partitions: 1,
    });
    await driver.advance(10);
    expect(driver.outcomes('check')).toEqual({ in: 1, deadLettered: 1 });
    expect(driver.outcomes('run')).toEqual({ out: 1 });
    await driver.close();
  });
});
