import { describe, expect, test, vi } from 'vitest';
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

  test('can be closed twice at the same time', async () => {
    const { engine } = await start();
    await Promise.all([engine.close(), engine.close()]);
    expect(engine.state).toBe('closed');
  });
});
