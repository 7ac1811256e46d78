import * as fc from 'fast-check';
import { Subject } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { withKeyedLanes } from '../../processors/lanes.ts';
import { mapAsync, type MapAsyncOptions } from '../../processors/map-async.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { StreamRecord } from '../../topology/core/record.ts';
import { rec } from './harness.ts';

type In = StreamRecord<string, string>;

/** Runs mapAsync with a function whose results the test gives by hand. */
class Desk {
  readonly source = new Subject<In>();
  readonly started: string[] = [];
  readonly results: string[] = [];
  readonly signals: AbortSignal[] = [];
  error: unknown;
  completed = false;
  readonly #pending = new Map<string, PromiseWithResolvers<string>>();
  readonly #unsubscribe: () => void;

  constructor(options: MapAsyncOptions<In>, stateful = false) {
    const run = (record: In, signal: AbortSignal): Promise<string> => {
      this.started.push(record.value);
      this.signals.push(signal);
      const deferred = Promise.withResolvers<string>();
      this.#pending.set(record.value, deferred);
      return deferred.promise;
    };
    const subscription = withKeyedLanes(stateful, () =>
      this.source.pipe(mapAsync(options, run)).subscribe({
        next: (result) => this.results.push(result),
        error: (reason: unknown) => (this.error = reason),
        complete: () => (this.completed = true),
      }),
    );
    this.#unsubscribe = () => subscription.unsubscribe();
  }

  send(...names: readonly string[]): void {
    for (const name of names) this.source.next(rec(name[0] as string, name));
  }

  async finish(name: string): Promise<void> {
    this.#pending.get(name)?.resolve(name);
    await settled();
  }

  async break(name: string, reason: unknown): Promise<void> {
    this.#pending.get(name)?.reject(reason);
    await settled();
  }

  unsubscribe(): void {
    this.#unsubscribe();
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

describe('mapAsync', () => {
  test('never runs two of one key at a time, and keeps their order', async () => {
    const desk = new Desk({ concurrency: 8, order: 'per-key' });
    desk.send('a1', 'a2', 'b1');
    expect(desk.started).toEqual(['a1', 'b1']);
    await desk.finish('b1');
    await desk.finish('a1');
    expect(desk.started).toEqual(['a1', 'b1', 'a2']);
    await desk.finish('a2');
    expect(desk.results).toEqual(['b1', 'a1', 'a2']);
  });

  test('runs no more than it may, and starts those that wait in turn', async () => {
    const desk = new Desk({ concurrency: 1, order: 'per-key' });
    desk.send('a1', 'a2', 'b1', 'c1');
    for (const name of ['a1', 'b1', 'c1', 'a2']) await desk.finish(name);
    // a2 became ready after b1 and c1: one busy key starves no other.
    expect(desk.started).toEqual(['a1', 'b1', 'c1', 'a2']);
  });

  test('lets results of one key overtake each other without order', async () => {
    const desk = new Desk({ concurrency: 8, order: 'none' });
    desk.send('a1', 'a2');
    await desk.finish('a2');
    await desk.finish('a1');
    expect(desk.results).toEqual(['a2', 'a1']);
  });

  test('keeps the order per key all the same in a stage with stores', () => {
    const desk = new Desk({ concurrency: 8, order: 'none' }, true);
    desk.send('a1', 'a2', 'b1');
    expect(desk.started).toEqual(['a1', 'b1']);
  });

  test('keeps in order what its key says, compared by content', () => {
    const desk = new Desk({
      concurrency: 8,
      order: 'per-key',
      key: (record) => ({ last: record.value.at(-1) }),
    });
    desk.send('a1', 'b1', 'b2');
    expect(desk.started).toEqual(['a1', 'b2']);
  });

  test('completes when its source has and all results are there', async () => {
    const desk = new Desk({ concurrency: 1, order: 'per-key' });
    desk.send('a1', 'a2');
    desk.source.complete();
    await desk.finish('a1');
    expect(desk.completed).toBe(false);
    await desk.finish('a2');
    expect([desk.completed, desk.results]).toEqual([true, ['a1', 'a2']]);
  });

  test('completes at once without records', () => {
    const desk = new Desk({ concurrency: 1, order: 'per-key' });
    desk.source.complete();
    expect(desk.completed).toBe(true);
  });

  test('ends with the first error, aborts the others and starts none', async () => {
    const desk = new Desk({ concurrency: 2, order: 'per-key' });
    desk.send('a1', 'b1', 'c1');
    await desk.break('a1', 'broken');
    await desk.finish('b1');
    expect([desk.error, desk.results, desk.started]).toEqual(['broken', [], ['a1', 'b1']]);
    expect(desk.signals.every((signal) => signal.aborted)).toBe(true);
    expect(desk.source.observed).toBe(false);
  });

  test('passes an error of its source on', () => {
    const desk = new Desk({ concurrency: 2, order: 'per-key' });
    desk.send('a1');
    desk.source.error('upstream');
    expect([desk.error, desk.signals[0]?.aborted]).toEqual(['upstream', true]);
  });

  test('emits nothing after it was unsubscribed from', async () => {
    const desk = new Desk({ concurrency: 1, order: 'per-key' });
    desk.send('a1', 'a2');
    desk.unsubscribe();
    await desk.finish('a1');
    expect([desk.results, desk.started, desk.signals[0]?.aborted]).toEqual([[], ['a1'], true]);
    expect(desk.source.observed).toBe(false);
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses a concurrency of %d', (concurrency) => {
    expect(() => mapAsync({ concurrency, order: 'none' }, async () => 1)).toThrow(ConfigError);
  });

  test('asks for a key where it gets something that is no record', () => {
    const source = new Subject<number>();
    let error: unknown;
    source
      .pipe(mapAsync({ concurrency: 1, order: 'per-key' }, async (n) => n))
      .subscribe({ error: (reason: unknown) => (error = reason) });
    source.next(1);
    expect((error as Error).message).toBe(
      'mapAsync keeps the order per key, and got something that is no record: give it `key`',
    );
  });

  test('keeps order per key and its bound, however results come', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        fc.infiniteStream(fc.nat(100)),
        async (keys, concurrency, choices) => {
          const names = keys.map((key, i) => `${key}${i}`);
          const desk = new Desk({ concurrency, order: 'per-key' });
          desk.send(...names);
          desk.source.complete();
          while (!desk.completed) {
            const running = desk.started.filter((name) => !desk.results.includes(name));
            expect(running.length).toBeLessThanOrEqual(concurrency);
            expect(new Set(running.map((name) => name[0])).size).toBe(running.length);
            const choice = (choices.next().value as number) % Math.max(running.length, 1);
            await desk.finish(running[choice] as string);
          }
          for (const key of ['a', 'b', 'c']) {
            const of = (list: readonly string[]) => list.filter((name) => name[0] === key);
            expect(of(desk.results)).toEqual(of(names));
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
