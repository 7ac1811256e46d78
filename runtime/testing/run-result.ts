import { canonicalText } from '../../processors/canonical.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { letterHeaders } from '../task/dead-letter.ts';
import type { TopicRecord } from '../app/named-topics.ts';
import type { TopologyDriver } from './topology-driver.ts';

/**
 * What a run has left: place (an output and a key, a store and a key, a stage's counters) → what is
 * there, in order, as text.
 */
export type RunResult = ReadonlyMap<string, readonly string[]>;

/** Everything that the records so far have caused and that is committed. */
export async function resultOf(driver: TopologyDriver): Promise<RunResult> {
  const result = new Map<string, string[]>();
  const add = (place: string, text: string): void => {
    const texts = result.get(place);
    if (texts === undefined) result.set(place, [text]);
    else texts.push(text);
  };
  for (const [output, what] of outputsOf(driver.plan)) {
    for (const record of await driver.all(output)) {
      // Tasks write their dead letters independently of each other.
      const of = what === 'output' ? '' : ` of task ${headerOf(record, letterHeaders.task)}`;
      add(`${what} "${output}"${of}, key ${canonicalText(record.key)}`, textOf(record));
    }
  }
  for (const store of driver.plan.stores.values()) {
    for (const { key, value, time } of driver.rows(store.name)) {
      add(`store "${store.name}", key ${canonicalText(key)}`, `${canonicalText(value)} at ${time}`);
    }
  }
  for (const node of driver.plan.subTopologies.flatMap(({ nodes }) => nodes)) {
    add(`counters of "${node.name}"`, canonicalText(driver.outcomes(node.name)));
  }
  return result;
}

/** The first place where two runs differ; undefined where they are the same. */
export function firstDifference(
  expected: RunResult,
  actual: RunResult,
):
  | {
      readonly place: string;
      /** Position in the place's order, from 1. */
      readonly number: number;
      readonly expected: string;
      readonly actual: string;
    }
  | undefined {
  const places = [...new Set([...expected.keys(), ...actual.keys()])];
  // Counters last: they tell least where something else differs, too.
  const counters = places.filter((place) => place.startsWith('counters'));
  for (const place of [...places.filter((it) => !counters.includes(it)), ...counters]) {
    const one = expected.get(place) ?? [];
    const other = actual.get(place) ?? [];
    for (let i = 0; i < Math.max(one.length, other.length); i++) {
      if (one[i] === other[i]) continue;
      const text = (it: string | undefined): string => it ?? 'missing';
      return { place, number: i + 1, expected: text(one[i]), actual: text(other[i]) };
    }
  }
  return undefined;
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

function headerOf(record: TopicRecord, name: string): string {
  const header = record.headers.findLast(([it]) => it === name);
  return header?.[1] == null ? '' : Buffer.from(header[1]).toString();
}

function textOf({ value, time, headers }: TopicRecord): string {
  const named = headers.map(
    ([name, bytes]) => `${name}=${bytes === null ? 'null' : Buffer.from(bytes).toString('latin1')}`,
  );
  const more = named.length === 0 ? '' : ` with headers ${named.join(', ')}`;
  return `${canonicalText(value)} at ${time}${more}`;
}
