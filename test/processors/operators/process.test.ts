import {
  catchError,
  concat,
  EMPTY,
  filter,
  ignoreElements,
  map,
  mergeMap,
  type Observable,
  of,
  startWith,
  take,
  tap,
} from 'rxjs';
import { describe, expect, test } from 'vitest';
import { effect } from '../../../processors/effect.ts';
import { mapAsync } from '../../../processors/map-async.ts';
import type { ProcessContext, ProcessStage } from '../../../processors/process.ts';
import type { Punctuation, Stage } from '../../../processors/stage.ts';
import type { KeyValueStore } from '../../../processors/store.ts';
import { ConfigError, ProcessingError } from '../../../topology/core/errors.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import type { StageNode } from '../../../topology/plan/plan.ts';
import { Bench, compiled, long, rec, streamOf, text } from '../harness.ts';

const stream = streamOf(text, long);
type Num = StreamRecord<string, number>;
type Ports = { readonly in: Num };

function build<In extends Readonly<Record<string, StreamRecord | Punctuation>> = Ports>(
  stage: ProcessStage<In, { out: Num }, { s: KeyValueStore<string, number> }>,
  more: Partial<StageNode> = {},
): Stage {
  return compiled({ kind: 'process', use: 'run' }, stream, stream, more, {
    functions: { run: stage },
  });
}

const twoInputs = {
  inputs: { in: [], other: [] },
  inputTypes: { in: stream, other: stream },
} satisfies Partial<StageNode>;

function errorOf(stage: Stage, ...pushes: readonly (readonly [port: string, record: Num])[]) {
  const connection = new Bench().connect(stage, ['in', 'other']);
  for (const [port, record] of pushes) connection.push(record, port);
  connection.complete();
  expect(connection.completed).toEqual([]);
  expect(connection.errors).toHaveLength(1);
  expect(connection.errors[0]).toBeInstanceOf(ProcessingError);
  return connection.errors[0] as ProcessingError;
}

describe('process', () => {
  test('counts what it emitted, absorbed and dead-lettered, each record once', () => {
    const bench = new Bench();
    const stage = build((inputs, context) => ({
      out: inputs.in.pipe(
        mergeMap((record) => {
          if (record.value < 0) context.deadLetter(record, 'negative');
          return record.value > 0 ? Array.from({ length: record.value }, () => record) : [];
        }),
      ),
    }));
    bench.batch(stage, [rec('a', 2), rec('a', 0), rec('a', -1), rec('a', 1)]);
    expect(bench.counted()).toEqual({ in: 4, out: 3, emitted: 2, absorbed: 1, deadLettered: 1 });
    expect(bench.deadLetters.map(([, reason]) => reason)).toEqual(['negative']);
  });

  test('keeps its memory in stores and sees its own largest record time', () => {
    const bench = new Bench();
    const times: number[] = [];
    const stage = build((inputs, context) => {
      const sums = context.store('s');
      return {
        out: inputs.in.pipe(
          tap(() => times.push(context.operatorTime)),
          map((record) => {
            sums.put(record.key, (sums.get(record.key) ?? 0) + record.value);
            return record.withValue(sums.get(record.key) as number);
          }),
        ),
      };
    });
    bench.batch(stage, [rec('a', 1, 9), rec('a', 2, 5)]);
    expect(bench.batch(stage, [rec('a', 3, 7)])).toEqual([['out', 'a', 6, 7]]);
    expect(times).toEqual([9, 9, 9]);
  });

  test('gets ticks of its punctuations, whose outputs count as out alone', () => {
    const bench = new Bench();
    const stage = build<Ports & { readonly tick: Punctuation }>(
      (inputs, context) => ({
        out: inputs.tick.pipe(map(({ time }) => context.record({ key: 'k', value: time, time }))),
        effects: inputs.in.pipe(effect(() => {})),
      }),
      { punctuate: { tick: { everyMs: 10, by: 'stream-time' } } },
    );
    const connection = bench.connect(stage, ['in', 'tick']);
    connection.push(rec('a', 1, 3));
    const tick: Punctuation = { time: 10, cancel: () => {} };
    connection.inputs['tick']?.next(tick as unknown as StreamRecord);
    connection.complete();
    expect(connection.rows).toEqual([['out', 'k', 10, 10]]);
    expect(bench.counted()).toEqual({ in: 1, out: 1, absorbed: 1 });
    expect(connection.completed).toEqual(['out']);
  });

  test('is over only when its async work is, and attributes late outputs to their inputs', async () => {
    const bench = new Bench();
    const gate = Promise.withResolvers<void>();
    const stage = build((inputs) => ({
      out: inputs.in.pipe(
        mapAsync({ concurrency: 4, order: 'per-key' }, async (record) => {
          await gate.promise;
          return record;
        }),
        filter((record) => record.value > 1),
      ),
    }));
    const connection = bench.connect(stage);
    connection.push(rec('a', 1, 1, 0));
    connection.push(rec('b', 2, 2, 1));
    connection.complete();
    expect([connection.completed, bench.counted()]).toEqual([[], { in: 2, absorbed: 2 }]);
    gate.resolve();
    await new Promise(setImmediate);
    expect(connection.completed).toEqual(['out']);
    expect(connection.rows).toEqual([['out', 'b', 2, 2]]);
    expect(bench.counted()).toEqual({ in: 2, out: 1, emitted: 1, absorbed: 1 });
  });

  test('aborts its async work when nobody listens any more', async () => {
    const signals: AbortSignal[] = [];
    const stage = build((inputs) => ({
      out: inputs.in.pipe(
        mapAsync({ concurrency: 1, order: 'none' }, (_, signal) => {
          signals.push(signal);
          return new Promise<Num>(() => {});
        }),
      ),
    }));
    const connection = new Bench().connect(stage);
    connection.push(rec('a', 1));
    connection.unsubscribe();
    expect(signals.map((signal) => signal.aborted)).toEqual([true]);
    expect(connection.inputs['in']?.observed).toBe(false);
  });

  test('runs async work in lanes where it has stores, whatever order it asks for', () => {
    const started: number[] = [];
    const stage = build(
      (inputs) => ({
        out: inputs.in.pipe(
          mapAsync({ concurrency: 4, order: 'none' }, (record) => {
            started.push(record.value);
            return new Promise<Num>(() => {});
          }),
        ),
      }),
      { stores: ['s'] },
    );
    const connection = new Bench().connect(stage);
    connection.push(rec('a', 1));
    connection.push(rec('a', 2));
    expect(started).toEqual([1]);
  });

  test('runs effects, waits for them and gives nothing of them', () => {
    const bench = new Bench();
    const stage = build(
      (inputs, context) =>
        ({
          effects: inputs.in.pipe(
            tap((record) => context.store('s').put(record.key, record.value)),
          ),
        }) as never,
      { outputs: {} },
    );
    const connection = bench.connect(stage);
    connection.push(rec('a', 1, 3));
    expect(connection.completed).toEqual([]);
    connection.complete();
    expect([connection.completed, connection.rows]).toEqual([['effects'], []]);
    expect(bench.store('s').get('a')).toBe(1);
    expect(bench.counted()).toEqual({ in: 1, absorbed: 1 });
  });
});

describe('a process stage that breaks its contract', () => {
  test('is told of a record on an input that it ignores', () => {
    const stage = build((inputs) => ({ out: inputs.in }), twoInputs);
    const error = errorOf(stage, ['in', rec('a', 1)], ['other', rec('a', 2)]);
    expect(error.code).toBe('PROCESS_INPUT_IGNORED');
    expect(error.message).toBe(
      'stage "stage" failed: it got a record on "other", to which it does not listen: subscribe to it, or return inputs.other.pipe(effect(…)) as effects',
    );
  });

  test('may ignore an input on which nothing comes', () => {
    const connection = new Bench().connect(
      build((inputs) => ({ out: inputs.in }), twoInputs),
      ['in', 'other'],
    );
    connection.push(rec('a', 1));
    connection.complete();
    expect([connection.rows.length, connection.completed]).toEqual([1, ['out']]);
  });

  test('is told when it listens to one input only after another', () => {
    const stage = build<{ readonly in: Num; readonly other: Num }>(
      (inputs) => ({ out: concat(inputs.in, inputs.other) }),
      twoInputs,
    );
    expect(errorOf(stage, ['other', rec('a', 2)]).code).toBe('PROCESS_INPUT_IGNORED');
  });

  test.each<readonly [string, (source: Observable<Num>) => Observable<Num>]>([
    ['takes a few', (source) => source.pipe(take(1))],
    [
      'swallows its errors',
      (source) =>
        source.pipe(
          map((): Num => {
            throw new Error('boom');
          }),
          catchError(() => EMPTY),
        ),
    ],
  ])('is told when it %s', (_, operator) => {
    const stage = build((inputs) => ({ out: operator(inputs.in) }));
    const error = errorOf(stage, ['in', rec('a', 1, 0, 4)]);
    expect(error.code).toBe('PROCESS_ENDED_EARLY');
    expect(error.place.offset).toBe(4);
  });

  test('is told of an output that is no record', () => {
    const stage = build((inputs) => ({
      out: inputs.in.pipe(map(({ value }) => value)) as unknown as Observable<Num>,
    }));
    const error = errorOf(stage, ['in', rec('a', 1)]);
    expect(error.code).toBe('PROCESS_NOT_A_RECORD');
  });

  test.each([Number.NaN, Infinity, 1.5, 1e300, '7', new Date(7)])(
    'is told of a record whose time is no time: %s',
    (time) => {
      const stage = build((inputs) => ({
        out: inputs.in.pipe(map((record) => record.with({ time: time as number }))),
      }));
      const error = errorOf(stage, ['in', rec('a', 1, 0, 4)]);
      expect([error.code, error.place.offset]).toEqual(['PROCESS_TIME', 4]);
    },
  );

  test('is told of a record that comes from no input', () => {
    const stage = build((inputs) => ({ out: inputs.in.pipe(startWith(rec('a', 0))) }));
    expect(errorOf(stage).code).toBe('PROCESS_EARLY_OUTPUT');
  });

  test('never completes while its effects do not', () => {
    const stage = build((inputs) => ({
      out: inputs.in,
      effects: new (inputs.in.constructor as { new (): Observable<unknown> })(),
    }));
    const connection = new Bench().connect(stage);
    connection.push(rec('a', 1));
    connection.complete();
    expect(connection.completed).toEqual([]);
  });

  test('fails its outputs when its effects fail', () => {
    const stage = build((inputs) => ({
      out: inputs.in.pipe(ignoreElements()),
      effects: inputs.in.pipe(
        effect(() => {
          throw new Error('boom');
        }),
      ),
    }));
    expect(errorOf(stage, ['in', rec('a', 1)]).code).toBe('STAGE_FAILED');
  });

  const connect = (run: unknown) =>
    new Bench().connect(build(run as ProcessStage<Ports, { out: Num }>));

  test('is refused without a declared output', () => {
    expect(() => connect(() => ({}))).toThrow(ConfigError);
    expect(() => connect(() => ({}))).toThrow(
      'processor "run" returns no observable for "out", which stage "stage" declares',
    );
  });

  test('is refused with an output that is not declared', () => {
    expect(() => connect(() => ({ out: of(), more: of() }))).toThrow(
      'processor "run" returns "more", which stage "stage" does not declare: add it to its `out`',
    );
  });

  test('is refused when it returns no outputs at all', () => {
    expect(() => connect(() => of())).toThrow('returns no observable for "out"');
    expect(() => connect(() => undefined)).toThrow(
      'processor "run" must return its outputs, one observable each',
    );
  });

  test('wraps what the function itself throws', () => {
    const run = () => {
      throw new Error('no config');
    };
    expect(() => connect(run)).toThrow(ProcessingError);
    expect(() => connect(run)).toThrow('stage "stage" failed: no config');
  });
});

// The types of a user's stage are part of the contract: these lines need only compile.
export function typed(
  inputs: { readonly in: Observable<Num> },
  context: ProcessContext<{ s: KeyValueStore<string, number> }>,
): { readonly out: Observable<Num> } {
  // @ts-expect-error: the stage has no store of this name
  const other = (): unknown => context.store('t');
  const known: number | undefined = context.store('s').get('a');
  return { out: inputs.in.pipe(filter(() => known === other())) };
}
