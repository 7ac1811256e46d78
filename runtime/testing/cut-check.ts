import { canonicalText } from '../../processors/canonical.ts';
import { ConfigError, ProcessingError } from '../../topology/core/errors.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import type { EngineOptions } from '../engine/engine-options.ts';
import type { SentRecord, TopicRecord } from './test-topics.ts';
import { type DriverOptions, TopologyDriver } from './topology-driver.ts';

/** What {@link expectCutIndependent} runs. */
export interface CutCheckOptions extends DriverOptions {
  /**
   * What is sent: stream or table → its records. Each element is sent in one transaction and
   * processed to the end before the next, so what a later one must find belongs in an earlier one.
   */
  readonly inputs: readonly Readonly<Record<string, readonly SentRecord[]>>[];
  /** Runs with cuts of their own, from 1. @defaultValue 8 */
  readonly runs?: number;
}

/** Largest batches of the runs, in turn: many small ones find most, a large one finds the rest. */
const sizes = [2, 1000, 3, 7];

/**
 * Resolves when the result of a topology does not depend on where its input is cut into batches
 * (design.md 4): the records of each output and key, in order, the dead letters, the rows of the
 * stores and the counters are the same with one record per batch and with seeded random cuts. `seed` gives the
 * cuts.
 *
 * **Gotchas** Only the order of one key in one output is compared, but where several tasks write
 * the same key, that order is a matter of timing, and nothing that this could check.
 *
 * **Example**
 * ```ts
 * await expectCutIndependent({ definition, functions, inputs: [{ words: [{ key: 'a', value: 'b' }] }] });
 * ```
 * @throws {ProcessingError} CUT_DEPENDENT naming the output or store, the key, the first
 *   difference and the seed
 * @throws {ConfigError} OPTION_RANGE when `runs` is no whole number from 1
 */
export async function expectCutIndependent(options: CutCheckOptions): Promise<void> {
  const { runs = 8, seed = 1 } = options;
  if (!Number.isInteger(runs) || runs < 1) {
    throw new ConfigError('OPTION_RANGE', `runs is ${runs}; it must be a whole number from 1`);
  }
  const reference = await resultOf(options, { 'batch-records': 1 });
  for (let run = 0; run < runs; run++) {
    const cutSeed = seed + run;
    const size = sizes[run % sizes.length] as number;
    const cuts = { 'batch-records': size, 'random-cuts': { seed: cutSeed } };
    const difference = firstDifference(reference, await resultOf(options, cuts));
    if (difference === undefined) continue;
    throw new ProcessingError(
      'CUT_DEPENDENT',
      `the result depends on where batches are cut (batches of 1 to ${size}, seed ${cutSeed}): ${difference}; ` +
        'what a stage remembers from record to record belongs in a store: scanByKey, distinctByKey, or a store of its own',
    );
  }
}

/** Place (output or store, key) → what is there, in order, as text. */
type Result = ReadonlyMap<string, readonly string[]>;

async function resultOf(options: CutCheckOptions, cuts: EngineOptions): Promise<Result> {
  const driver = await TopologyDriver.start({
    ...options,
    options: { ...options.options, ...cuts },
  });
  try {
    for (const input of options.inputs) {
      for (const [stream, records] of Object.entries(input)) await driver.send(stream, ...records);
      await driver.settle();
    }
    const result = new Map<string, string[]>();
    const add = (place: string, text: string): void => {
      const texts = result.get(place);
      if (texts === undefined) result.set(place, [text]);
      else texts.push(text);
    };
    for (const [output, what] of outputsOf(driver.plan)) {
      for (const record of await driver.all(output)) {
        add(`${what} "${output}", key ${canonicalText(record.key)}`, textOf(record));
      }
    }
    for (const store of driver.plan.stores.values()) {
      if (store.global) continue;
      for (const { key, value, time } of driver.rows(store.name)) {
        const text = `${canonicalText(value)} at ${time}`;
        add(`store "${store.name}", key ${canonicalText(key)}`, text);
      }
    }
    for (const node of driver.plan.subTopologies.flatMap(({ nodes }) => nodes)) {
      add(`counters of "${node.name}"`, canonicalText(driver.outcomes(node.name)));
    }
    return result;
  } finally {
    await driver.close();
  }
}

/** Streams that the topology writes, and dead letters. */
function outputsOf(plan: Plan): ReadonlyMap<string, 'output' | 'dead letters'> {
  const outputs = new Map<string, 'output' | 'dead letters'>();
  for (const node of plan.subTopologies.flatMap(({ nodes }) => nodes)) {
    if (node.kind !== 'sink' || node.sink === undefined) continue;
    const streams = 'stream' in node.sink ? [node.sink.stream] : node.sink.among;
    for (const stream of streams) outputs.set(stream, 'output');
  }
  for (const topic of plan.topics.values()) {
    if (topic.role === 'dead-letter') outputs.set(topic.name, 'dead letters');
  }
  return outputs;
}

function textOf({ value, time, headers }: TopicRecord): string {
  const named = headers.map(
    ([name, bytes]) => `${name}=${bytes === null ? 'null' : Buffer.from(bytes).toString('latin1')}`,
  );
  const more = named.length === 0 ? '' : ` with headers ${named.join(', ')}`;
  return `${canonicalText(value)} at ${time}${more}`;
}

function firstDifference(expected: Result, actual: Result): string | undefined {
  const places = [...new Set([...expected.keys(), ...actual.keys()])];
  const isCounter = (place: string): boolean => place.startsWith('counters');
  // A counter tells least: it is named where nothing else differs.
  for (const place of [...places.filter((it) => !isCounter(it)), ...places.filter(isCounter)]) {
    const one = expected.get(place) ?? [];
    const other = actual.get(place) ?? [];
    for (let i = 0; i < Math.max(one.length, other.length); i++) {
      if (one[i] === other[i]) continue;
      const text = (it: string | undefined): string => (it === undefined ? 'missing' : it);
      return `${place}: number ${i + 1} is ${text(one[i])} with one record per batch, and ${text(other[i])} with these cuts`;
    }
  }
  return undefined;
}
