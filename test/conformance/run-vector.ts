import { TopologyDriver } from '../../runtime/testing/topology-driver.ts';
import type { CrashPoint } from '../../runtime/engine/committer.ts';
import type { EngineOptions } from '../../runtime/engine/engine-options.ts';
import { compareStep, type Mismatch, type OutputRow } from './match.ts';
import type { Scalar, Vector, VectorInput, VectorStep } from './vector.ts';
import type { Translation } from './vectors.ts';

/** How a vector is run. */
export interface RunMode {
  /** Whether each input is processed to the end before the next, or a whole step at once. */
  readonly feed: 'one-by-one' | 'whole-step';
  readonly options?: EngineOptions;
  /** Kills the engine after every input. */
  readonly crashBetween?: boolean;
  /** Kills the engine when it reaches this point for the first time after each input is sent. */
  readonly crashAt?: CrashPoint;
}

/** What came out of each step, in order per output. */
export interface VectorRun {
  readonly steps: readonly (readonly OutputRow[])[];
  readonly crashes: number;
}

/** Runs a vector on the engine, one partition. */
export async function runVector(
  vector: Vector,
  translation: Translation,
  mode: RunMode,
): Promise<VectorRun> {
  const driver = await TopologyDriver.start({
    definition: translation.definition,
    functions: translation.functions,
    partitions: 1,
    ...(mode.options === undefined ? {} : { options: mode.options }),
  });
  const steps: OutputRow[][] = [];
  for (const step of vector.steps ?? []) {
    for (const input of step.inputs) await feed(driver, translation, input, mode);
    await driver.settle();
    steps.push(await outputsOf(driver, translation));
  }
  await driver.close();
  return { steps, crashes: driver.crashes };
}

/** Steps in which a run differs from what the vector expects. */
export function mismatches(
  vector: Vector,
  run: VectorRun,
): readonly { readonly step: number; readonly differs: readonly Mismatch[] }[] {
  const outputs = Object.keys(vector.topology?.outputs ?? {});
  return (vector.steps ?? []).flatMap((step, i) => {
    const before = run.steps.slice(0, i).flat();
    const differs = compareStep(step, run.steps[i] ?? [], outputs, before);
    return differs.length === 0 ? [] : [{ step: i, differs }];
  });
}

/**
 * True when a whole step may be sent at once and still be taken in the order of the vector: the
 * inputs of a task come from one topic, or their times tell the order (invariant E7). A global
 * table advances between batches, and the wall clock between steps.
 */
export function orderIsGiven(translation: Translation, steps: readonly VectorStep[]): boolean {
  const { streams, tables, stages } = translation.definition;
  if (Object.values(tables).some((table) => table.global === true)) return false;
  if (steps.some((step) => step.inputs.some((input) => !('topic' in input)))) return false;
  const sinks = new Set(translation.outputs.values());
  const sources = [...Object.values(streams), ...Object.values(tables)]
    .flatMap(({ topics }) => topics)
    .filter((topic) => !sinks.has(topic));
  if (new Set(sources).size === 1) return true;
  const moves = Object.values(stages).some(
    ({ operator }) =>
      operator.kind === 'repartition' || ('group' in operator && operator.group.by === 'expr'),
  );
  return !moves && steps.every(({ inputs }) => timesRise(inputs));
}

function timesRise(inputs: readonly VectorInput[]): boolean {
  const times = inputs.map((input) => ('topic' in input ? input.ts : 0));
  return times.every((time, i) => i === 0 || time > (times[i - 1] as number));
}

async function feed(
  driver: TopologyDriver,
  translation: Translation,
  input: VectorInput,
  mode: RunMode,
): Promise<void> {
  if (!('topic' in input)) {
    const now = driver.clock.now();
    const to =
      'advanceWallClockMs' in input ? now + input.advanceWallClockMs : input.setWallClockMs;
    await driver.advance(to - now);
    return;
  }
  const { topic, key, value, ts } = input;
  if (mode.crashAt !== undefined) driver.crashAt(mode.crashAt);
  await driver.send(streamOf(translation, topic), { key, value, time: ts });
  if (mode.feed === 'one-by-one') await driver.settle();
  if (mode.crashBetween === true) await driver.crash();
}

/** The stream or table that reads or writes a topic. */
function streamOf({ definition }: Translation, topic: string): string {
  const all = { ...definition.streams, ...definition.tables };
  const found = Object.entries(all).find(([, { topics }]) => topics.includes(topic));
  if (found === undefined) throw new Error(`no stream reads ${topic}`);
  return found[1].topics.length === 1 ? found[0] : topic;
}

async function outputsOf(driver: TopologyDriver, translation: Translation): Promise<OutputRow[]> {
  const rows: OutputRow[] = [];
  for (const [output, topic] of translation.outputs) {
    for (const record of await driver.read(topic)) {
      const { key, value, time } = record;
      rows.push({ output, key: key as Scalar, value: value as Scalar, ts: time });
    }
  }
  return rows;
}
