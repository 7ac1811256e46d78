import { describe, expect, test } from 'vitest';
import { mapAsync, type ProcessStage, type StreamRecord } from '../../../processors/index.ts';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import { definitionOf } from '../topology.ts';

type Text = StreamRecord<string, string>;

const definition = definitionOf(`
application: world
streams:
  asked:   { topic: asked, key: string, value: string }
  answers: { topic: answers, key: string, value: string }
tables:
  names: { topic: names, key: string, value: string, global: true }
stages:
  wait:    { in: { in: asked }, process: wait, out: { out: { key: string, value: string } } }
  look-up: { from: wait.out, join: { with: names, kind: left, on: value, expr: 'right == null ? "?" : right' }, to: answers }
`);

async function start(delayMs = 0): Promise<TopologyDriver> {
  const wait: ProcessStage<{ readonly in: Text }, { readonly out: Text }> = (inputs) => ({
    out:
      delayMs === 0
        ? inputs.in
        : inputs.in.pipe(
            mapAsync({ concurrency: 1, order: 'none' }, async (it) => {
              await new Promise<void>((resolve) => {
                driver.clock.after(delayMs, resolve);
              });
              return it;
            }),
          ),
  });
  const driver = await TopologyDriver.start({ definition, functions: { wait } });
  return driver;
}

async function ask(driver: TopologyDriver, name: string): Promise<unknown> {
  await driver.pipe('asked', { key: `asks ${name}`, value: name, time: 1 });
  return (await driver.read('answers')).at(-1)?.value;
}

describe('a global table', () => {
  test('is found by any key, from every partition, and follows its topic', async () => {
    const driver = await start();
    expect(await ask(driver, 'a')).toBe('?');
    await driver.pipe('names', ...['a', 'b', 'c', 'd'].map((key) => ({ key, value: `${key}!` })));
    for (const name of ['a', 'b', 'c', 'd']) expect(await ask(driver, name)).toBe(`${name}!`);
    await driver.pipe('names', { key: 'a', value: 'new' }, { key: 'b', value: null });
    expect([await ask(driver, 'a'), await ask(driver, 'b')]).toEqual(['new', '?']);
    await driver.close();
  });

  test('leaves out a record that no store takes, also when it is read again', async () => {
    const driver = await start();
    const long = { key: 'k'.repeat(2000), value: 'long' };
    await driver.pipe('names', { key: 'a', value: 'a!' }, long, { key: 'b', value: 'b!' });
    expect([await ask(driver, 'a'), await ask(driver, 'b')]).toEqual(['a!', 'b!']);
    for (const { store, partition } of driver.state.tables()) {
      await driver.state.wipe(store, partition);
    }
    await driver.crash();
    expect([await ask(driver, 'a'), await ask(driver, 'b')]).toEqual(['a!', 'b!']);
    await driver.close();
  });

  test('is whole again after a crash, and where the disk is lost', async () => {
    const driver = await start();
    await driver.pipe('names', ...['a', 'b', 'c', 'd'].map((key) => ({ key, value: `${key}!` })));
    await driver.crash();
    expect(await ask(driver, 'c')).toBe('c!');
    for (const { store, partition } of driver.state.tables()) {
      await driver.state.wipe(store, partition);
    }
    await driver.crash();
    for (const name of ['a', 'b', 'c', 'd']) expect(await ask(driver, name)).toBe(`${name}!`);
    await driver.close();
  });

  test('is read again when its topic was deleted and created again and is as long', async () => {
    const driver = await start();
    await driver.pipe('names', { key: 'a', value: 'old' }, { key: 'b', value: 'old' });
    const spec = await driver.log.admin.describe('names');
    const { partitions = 0 } = spec ?? {};
    await driver.log.admin.delete('names');
    await driver.log.admin.create(spec as NonNullable<typeof spec>);
    for (let i = 0; i < 2 * partitions; i++) {
      await driver.send('names', { key: 'a', value: 'new', partition: i % partitions });
    }
    await driver.crash();
    expect([await ask(driver, 'a'), await ask(driver, 'b')]).toEqual(['new', '?']);
    const told = 'global table "names" cannot go on from where it stopped: it is read again';
    expect(driver.reports).toEqual([told]);
    await driver.crash();
    expect([await ask(driver, 'a'), driver.reports]).toEqual(['new', [told]]);
    await driver.close();
  });

  test.each([1, 2, 3, 4, 5])(
    'is whole after a crash in the middle of being wiped, before step %i of that',
    async (step) => {
      const driver = await start();
      const names = ['a', 'b', 'c', 'd'];
      await driver.pipe('names', ...names.map((key) => ({ key, value: `${key}!` })));
      const { state, log } = driver;
      // Of another log: only the first of its partitions cannot go on.
      await state.apply(
        [{ store: 'names', partition: 0, rows: [], position: 99 }],
        log.incarnation,
      );
      const wipe = state.wipe.bind(state);
      let steps = 0;
      state.wipe = async (store, partition) => {
        steps += 1;
        if (steps === step) throw new Error('the power is off');
        await wipe(store, partition);
      };
      await expect(driver.crash()).rejects.toThrow('the power is off');
      state.wipe = wipe;
      await driver.crash();
      for (const name of names) expect(await ask(driver, name)).toBe(`${name}!`);
      await driver.close();
    },
  );

  test('stands still while a batch runs (E7)', async () => {
    const driver = await start(1000);
    await driver.pipe('names', { key: 'a', value: 'old' });
    await driver.send('asked', { key: 'k', value: 'a', time: 1 });
    await driver.settle();
    await driver.send('names', { key: 'a', value: 'new' });
    await driver.settle();
    await driver.advance(1000);
    expect((await driver.read('answers')).map(({ value }) => value)).toEqual(['old']);
    await driver.send('asked', { key: 'k', value: 'a', time: 2 });
    await driver.advance(1000);
    expect((await driver.read('answers')).map(({ value }) => value)).toEqual(['new']);
    await driver.close();
  });

  test('is the same for all records of a batch, whatever its partitions (E7)', async () => {
    const wait: ProcessStage<{ readonly in: Text }, { readonly out: Text }> = (inputs) => ({
      out: inputs.in.pipe(
        mapAsync({ concurrency: 100, order: 'none' }, async (it) => {
          for (let turns = Number(it.key); turns > 0; turns--) await Promise.resolve();
          return it;
        }),
      ),
    });
    const driver = await TopologyDriver.start({ definition, functions: { wait } });
    const names = Array.from({ length: 10 }, (_, i) => ({ key: `n${i}`, value: 'row' }));
    await driver.send('names', ...names);
    // Looked up over many turns, all in one batch.
    const asked = names.flatMap(({ key }) =>
      [0, 1, 2, 4, 8, 16, 32].map((turns) => ({ key: String(turns), value: key, partition: 0 })),
    );
    await driver.send('asked', ...asked);
    await driver.settle();
    const answers = new Set((await driver.all('answers')).map(({ value }) => value));
    expect([...answers]).toHaveLength(1);
    await driver.close();
  });

  test('comes through though there is always a batch of some task', async () => {
    const driver = await start(1500);
    await driver.send('names', { key: 'a', value: 'old' });
    await driver.settle();
    // Tasks take turns: one of them is inside a batch at any time.
    for (let i = 0; i < 12; i++) {
      await driver.send('asked', { key: 'k', value: 'a', time: i, partition: i % 2 });
      if (i === 1) await driver.send('names', { key: 'a', value: 'new' });
      await driver.advance(750);
    }
    await driver.advance('20s');
    const values = (await driver.all('answers')).map(({ value }) => value);
    expect(values).toHaveLength(12);
    expect(values.filter((value) => value === 'old').length).toBeLessThanOrEqual(4);
    await driver.close();
  });
});
