import { describe, expect, test, vi } from 'vitest';
import type { Transactor } from '../../../runtime/ports.ts';
import { EngineBench } from './bench.ts';

const topology = `
application: numbers
streams:
  numbers: { topic: numbers, key: string, value: long, partitions: 1, cleanup: compact }
  results: { topic: results, key: string, value: string, format: string, partitions: 1 }
stages:
  texts: { from: numbers, map-values: string(value), to: results }
errors: { default: { dead-letter: numbers.dead-letters } }
`;

async function start() {
  const bench = new EngineBench(topology);
  await bench.start();
  const engine = bench.assembled?.engine;
  if (engine === undefined) throw new Error('no engine');
  return { bench, engine };
}

describe('an engine', () => {
  test('has failed when a step breaks, and says why', async () => {
    const { engine } = await start();
    const bug = new TypeError('a bug');
    vi.spyOn(engine.committer, 'step').mockImplementation(() => {
      throw bug;
    });
    await expect(engine.run(new AbortController().signal)).rejects.toBe(bug);
    expect([engine.state, engine.failure]).toEqual(['failed', bug]);
    await engine.close();
    expect(engine.state).toBe('closed');
  });

  test('leaves no timer behind when it is closed while the registry is down', async () => {
    const { bench, engine } = await start();
    bench.registry.down = true;
    const value = Buffer.from([0, 0, 0, 0, 99, 2]);
    await bench.append('numbers', { time: 1, key: Buffer.from('a'), value, headers: [] });
    await bench.settle();
    await engine.close();
    expect(bench.clock.nextDue()).toBeUndefined();
  });

  test.each(['running', 'failed'])(
    'is closed 10 s after it was told to when a commit does not end and it is %s',
    async (state) => {
      const bench = new EngineBench(topology);
      const opened = vi.spyOn(bench.log, 'transactor');
      await bench.start();
      const { engine } = bench.assembled!;
      const transactor = (await opened.mock.results[0]!.value) as Transactor;
      const away = Promise.withResolvers<never>();
      vi.spyOn(transactor, 'commit').mockReturnValue(away.promise);
      const closed = vi.spyOn(transactor, 'close').mockImplementation(async () => {
        away.reject(new Error('brokers away'));
      });
      const value = Buffer.alloc(8);
      await bench.append('numbers', { time: 1, key: Buffer.from('a'), value, headers: [] });
      await bench.settle();
      expect(engine.committer.inCommit).toBeDefined();
      if (state === 'failed') {
        vi.spyOn(engine.committer, 'step').mockImplementation(() => {
          throw new TypeError('a bug');
        });
        await engine.run(new AbortController().signal).catch(() => {});
      }
      const closing = engine.close();
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      bench.clock.advanceTo(9999);
      expect(closed).not.toHaveBeenCalled();
      bench.clock.advanceTo(10_000);
      await closing;
      expect([engine.state, closed.mock.calls.length > 0]).toEqual(['closed', true]);
    },
  );

  test('can be closed twice at the same time', async () => {
    const { engine } = await start();
    await Promise.all([engine.close(), engine.close()]);
    expect(engine.state).toBe('closed');
  });

  test('rebuilds a store with a broken row at its next start', async () => {
    const bench = new EngineBench(`
application: counting
streams:
  words:  { topic: words, key: string, value: string, format: string, partitions: 1, cleanup: compact }
  counts: { topic: counts, key: string, value: long, partitions: 1 }
stages:
  by-key:  { from: words, group-by-key: true, count: {} }
  changes: { from: by-key, to-stream: {}, to: counts }
`);
    const word = { time: 1, key: Buffer.from('a'), value: Buffer.from('a'), headers: [] };
    await bench.start();
    await bench.append('words', word);
    await bench.settle();
    const rows = [[Buffer.from('a'), Buffer.from([9])] as const];
    await bench.state.apply([{ store: 'by-key', partition: 0, rows, position: undefined }], '');
    await bench.start();
    await bench.append('words', word);
    await expect(bench.settle()).rejects.toThrow(
      'store "by-key" holds a row that cannot be read (format 9): it is rebuilt from the changelog at the next start',
    );
    await bench.assembled?.engine.close();
    await bench.start();
    await bench.settle();
    expect((await bench.read('counts')).map(({ value }) => value?.at(-1))).toEqual([2, 4]);
  });
});
