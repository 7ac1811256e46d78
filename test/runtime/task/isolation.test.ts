import { concat, map, mergeMap, of, tap, throwError } from 'rxjs';
import { describe, expect, test } from 'vitest';
import {
  type KeyValueStore,
  mapAsync,
  type ProcessStage,
  type StreamRecord,
} from '../../../processors/index.ts';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import { errorHeaders, oneStage } from '../topology.ts';

type Num = StreamRecord<string, number>;
type Stage = ProcessStage<
  { readonly in: Num },
  { readonly out: Num },
  { readonly memory: KeyValueStore<string, number> }
>;

const numbers = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ key: `k${i % 7}`, value: i, time: i }));

describe('a failing record', () => {
  test('leaves nothing but its dead letter; the rest survives, in linear time', async () => {
    let seen = 0;
    const run: Stage = (inputs, context) => {
      const memory = context.store('memory');
      return {
        out: inputs.in.pipe(
          map((it) => {
            seen++;
            const sum = (memory.get(it.key) ?? 0) + 1;
            // The write comes before the failure, and must go with it.
            memory.put(it.key, sum);
            if (it.value % 100 === 41) throw new Error(`not ${it.value}`);
            return it;
          }),
        ),
      };
    };
    const driver = await TopologyDriver.start({
      definition: oneStage('stores: [memory],'),
      functions: { run },
      partitions: 1,
    });
    await driver.send('numbers', ...numbers(10_000));
    await driver.settle();
    const survivors = numbers(10_000).filter(({ value }) => value % 100 !== 41);
    const results = await driver.all('results');
    expect(results.map(({ key, value, time }) => ({ key, value, time }))).toEqual(survivors);
    const letters = await driver.all('one.dead-letters');
    expect(letters.map((it) => errorHeaders(it)['offset'])).toEqual(
      Array.from({ length: 100 }, (_, i) => String(i * 100 + 41)),
    );
    expect(seen).toBeLessThanOrEqual(2 * 10_000 + 100);
    for (let i = 0; i < 7; i++) {
      const expected = survivors.filter(({ key }) => key === `k${i}`).length;
      expect(driver.get('memory', `k${i}`)).toBe(expected);
    }
    expect(driver.outcomes('run')).toEqual({
      in: 10_000,
      out: 9900,
      emitted: 9900,
      deadLettered: 100,
    });
    expect(driver.outcomes('numbers')).toEqual({ in: 10_000, out: 10_000, emitted: 10_000 });
    await driver.close();
  });

  test('takes back what it had sent before it failed', async () => {
    const run: Stage = (inputs) => ({
      out: inputs.in.pipe(
        mergeMap((it) => {
          const two = of(it, it.withValue(it.value + 100));
          return it.value === 1
            ? concat(
                two,
                throwError(() => new Error('no')),
              )
            : two;
        }),
      ),
    });
    const driver = await TopologyDriver.start({
      definition: oneStage(),
      functions: { run },
      partitions: 1,
    });
    await driver.send('numbers', ...numbers(3));
    await driver.settle();
    const results = (await driver.all('results')).map(({ value }) => value);
    expect(results).toEqual([0, 100, 2, 102]);
    expect(driver.outcomes('run')).toEqual({ in: 3, out: 4, emitted: 2, deadLettered: 1 });
    await driver.close();
  });

  test('keeps its raw bytes, headers and time in the dead letter', async () => {
    const run: Stage = (inputs) => ({
      out: inputs.in.pipe(
        tap(() => {
          throw new Error('never');
        }),
      ),
    });
    const driver = await TopologyDriver.start({ definition: oneStage(), functions: { run } });
    const headers = [['trace', Buffer.from('1')] as const];
    await driver.pipe('numbers', { key: 'a', value: 5, time: 77, headers, partition: 2 });
    const [letter] = await driver.read('one.dead-letters');
    expect([String(letter?.key), letter?.time, letter?.headers[0]]).toEqual(['a', 77, headers[0]]);
    const [sent] = await driver.all('numbers');
    expect(sent?.value).toBe(5);
    // Magic byte, schema id, then 5 as Avro's long.
    const value = letter?.value;
    expect(value instanceof Uint8Array && [value[0], value.at(-1)]).toEqual([0, 10]);
    await driver.close();
  });

  test('stops the application where the policy is to fail, and is not lost', async () => {
    const run: Stage = (inputs) => ({
      out: inputs.in.pipe(
        map((it) => {
          if (it.value === 2 && broken) throw new Error('broken');
          return it;
        }),
      ),
    });
    let broken = true;
    const definition = oneStage('', 'fail: true');
    const driver = await TopologyDriver.start({ definition, functions: { run }, partitions: 1 });
    await driver.send('numbers', ...numbers(4));
    await expect(driver.settle()).rejects.toThrow(
      'a record failed in stage "run" (numbers-0 at offset 2) and its error policy is "fail": stage "run" failed on numbers-0 at offset 2: broken',
    );
    expect(await driver.read('results')).toEqual([]);
    broken = false;
    await driver.crash();
    await driver.settle();
    expect((await driver.read('results')).map(({ value }) => value)).toEqual([0, 1, 2, 3]);
    await driver.close();
  });

  test('stops the line when too many fail, and loses nothing', async () => {
    let broken = true;
    const run: Stage = (inputs) => ({
      out: inputs.in.pipe(
        map((it) => {
          if (broken && it.value % 2 === 0) throw new Error('broken');
          return it;
        }),
      ),
    });
    const rule = 'dead-letter: one.dead-letters, halt-above: 5% of 100 per 1m';
    const driver = await TopologyDriver.start({
      definition: oneStage('', rule),
      functions: { run },
      partitions: 1,
    });
    await driver.send('numbers', ...numbers(200));
    await expect(driver.settle()).rejects.toThrow(
      '100 of 200 records failed within 60000 ms, more than the 5 % of halt-above',
    );
    expect(await driver.all('one.dead-letters')).toEqual([]);
    broken = false;
    await driver.crash();
    await driver.settle();
    expect(await driver.all('results')).toHaveLength(200);
    await driver.close();
  });
});

describe('the share of failures that stops the line', () => {
  const rule = 'dead-letter: one.dead-letters, halt-above: 5% of 100 per 1m';
  const run: Stage = (inputs) => ({
    out: inputs.in.pipe(
      mapAsync({ concurrency: 4, order: 'per-key' }, async (it) => {
        await new Promise(setImmediate);
        if (it.value < 0) throw new Error('negative');
        return it;
      }),
    ),
  });
  const some = (count: number, value: number, time = 0) =>
    Array.from({ length: count }, () => ({ key: 'a', value, time }));
  const start = () =>
    TopologyDriver.start({
      definition: oneStage('', rule),
      functions: { run },
      partitions: 1,
      options: { 'max-future': '1h' },
    });

  test('counts a refused record once, though its batch runs again', async () => {
    const driver = await start();
    await driver.send('numbers', ...some(3, 1, 1e9), ...some(2, -1), ...some(95, 1));
    await driver.settle();
    expect(await driver.all('one.dead-letters')).toHaveLength(5);
    await driver.close();
  });

  test('counts a failure together with the records of its batch', async () => {
    const driver = await start();
    await driver.send('numbers', ...some(5, -1), ...some(95, 1));
    await driver.settle();
    await driver.send('numbers', ...some(1, -1), ...some(99, 1));
    await driver.settle();
    expect(await driver.all('one.dead-letters')).toHaveLength(6);
    await driver.close();
  });
});

describe('an asynchronous stage', () => {
  test('that hangs on a record is named, and only that record is dead-lettered', async () => {
    const run: Stage = (inputs) => ({
      out: inputs.in.pipe(
        mapAsync({ concurrency: 4, order: 'per-key' }, async (it) => {
          await new Promise<void>((resolve) => {
            if (it.value !== 3) driver.clock.after(10, resolve);
          });
          return it.withValue(it.value * 10);
        }),
      ),
    });
    const driver = await TopologyDriver.start({
      definition: oneStage(),
      functions: { run },
      partitions: 1,
      options: { 'stage-budget': '5s' },
    });
    await driver.send('numbers', ...numbers(6));
    await driver.advance('4s');
    expect(await driver.all('results')).toEqual([]);
    await driver.advance('10s');
    const results = (await driver.all('results')).map(({ value }) => value);
    expect(results).toEqual([0, 10, 20, 40, 50]);
    const letters = await driver.all('one.dead-letters');
    expect(letters.map(errorHeaders)).toMatchObject([
      {
        exception: 'ProcessingError[STAGE_BUDGET]',
        message:
          'stage "run" did not complete within its budget of 5000 ms; what takes long belongs into a call',
        offset: '3',
        stage: 'run',
      },
    ]);
    await driver.close();
  });

  test('that hangs leaves no timer behind when the application is closed', async () => {
    let aborted = false;
    const run: Stage = (inputs) => ({
      out: inputs.in.pipe(
        mapAsync({ concurrency: 4, order: 'per-key' }, async (it, signal) => {
          signal.addEventListener('abort', () => (aborted = true));
          await new Promise(() => {});
          return it;
        }),
      ),
    });
    const driver = await TopologyDriver.start({
      definition: oneStage(),
      functions: { run },
      partitions: 1,
    });
    await driver.send('numbers', ...numbers(1));
    await driver.settle();
    await driver.close();
    expect([driver.clock.nextDue(), aborted]).toEqual([undefined, true]);
  });

  test('delays the commit of no other task', async () => {
    const run: Stage = (inputs) => ({
      out: inputs.in.pipe(
        mapAsync({ concurrency: 4, order: 'per-key' }, async (it) => {
          if (it.value === 0) {
            await new Promise<void>((resolve) => {
              driver.clock.after(1000, resolve);
            });
          }
          return it;
        }),
      ),
    });
    const driver = await TopologyDriver.start({
      definition: oneStage(),
      functions: { run },
      partitions: 2,
    });
    await driver.send(
      'numbers',
      { key: 'slow', value: 0, time: 1, partition: 0 },
      { key: 'fast', value: 1, time: 1, partition: 1 },
    );
    await driver.settle();
    expect((await driver.read('results')).map(({ key }) => key)).toEqual(['fast']);
    await driver.advance('1s');
    expect((await driver.read('results')).map(({ key }) => key)).toEqual(['slow']);
    await driver.close();
  });
});

describe('handles (E8)', () => {
  test('throw when a stage uses a store after its batch', async () => {
    let kept: KeyValueStore<string, number> | undefined;
    const run: Stage = (inputs, context) => {
      const memory = kept ?? context.store('memory');
      kept = memory;
      return { out: inputs.in.pipe(tap((it) => memory.put(it.key, it.value))) };
    };
    const driver = await TopologyDriver.start({
      definition: oneStage('stores: [memory],'),
      functions: { run },
      partitions: 1,
    });
    await driver.pipe('numbers', { key: 'a', value: 1, time: 1 });
    await driver.send('numbers', { key: 'a', value: 2, time: 2 });
    await expect(driver.settle()).rejects.toThrow(
      'store "memory" was used after its batch was over: use a store only until the stage\'s outputs have completed',
    );
    await driver.close();
  });

  test('throw when a stage uses its context after its batch', async () => {
    const late: (() => void)[] = [];
    const run: Stage = (inputs, context) => {
      late.push(
        () => context.store('memory'),
        () => context.deadLetter(first as Num, 'late'),
      );
      let first: Num | undefined;
      return { out: inputs.in.pipe(tap((it) => (first = it))) };
    };
    const driver = await TopologyDriver.start({
      definition: oneStage('stores: [memory],'),
      functions: { run },
      partitions: 1,
    });
    await driver.pipe('numbers', { key: 'a', value: 1, time: 1 });
    expect(late[0]).toThrow('store "memory" was used after its batch was over');
    expect(late[1]).toThrow('deadLetter was used after its batch was over');
    expect(await driver.all('one.dead-letters')).toEqual([]);
    await driver.close();
  });

  test('of the attempt that failed throw in the attempt after it', async () => {
    const attempts: KeyValueStore<string, number>[] = [];
    const run: Stage = (inputs, context) => {
      attempts.push(context.store('memory'));
      return {
        out: inputs.in.pipe(
          tap((it) => {
            if (it.value === 1) throw new Error('no');
          }),
        ),
      };
    };
    const driver = await TopologyDriver.start({
      definition: oneStage('stores: [memory],'),
      functions: { run },
      partitions: 1,
    });
    await driver.send('numbers', ...numbers(3));
    await driver.settle();
    // The whole batch, then each of its three records.
    expect(attempts).toHaveLength(4);
    for (const store of attempts) expect(() => store.get('a')).toThrow('after its batch was over');
    await driver.close();
  });
});
