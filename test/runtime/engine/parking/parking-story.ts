import { map } from 'rxjs';
import { expect } from 'vitest';
import { type KeyValueStore, mapAsync, type StreamRecord } from '../../../../processors/index.ts';
import {
  decodeHeld,
  decodeTotals,
  parkedRow,
  type ParkedTotals,
} from '../../../../runtime/task/parking/parked-rows.ts';
import { encodeRelease, type Release } from '../../../../runtime/task/release.ts';
import { plain } from '../../codec/records.ts';
import { errorHeaders } from '../../topology.ts';
import { Cluster } from '../cluster.ts';
import { type MemberStep, RestlessMembers } from '../restless-members.ts';
import { parkedId } from '../../../../runtime/task/release.ts';

export const keys = ['a', 'b', 'c', 'd'] as const;
export const topics = ['first', 'second'] as const;

export type ParkingStep =
  | MemberStep
  | {
      readonly do: 'send';
      readonly topic: (typeof topics)[number];
      readonly key: number;
      /** Which of the records fail. */
      readonly bad: readonly boolean[];
    }
  /** The cause of one failure is mended; or appears in a record that has gone through. */
  | { readonly do: 'mend'; readonly which: number }
  | {
      readonly do: 'release';
      readonly which: number;
      readonly how: 'retry' | 'discard' | 'value';
    }
  /** A decision of before is written once more. */
  | { readonly do: 'repeat'; readonly which: number };

export interface StoryOptions {
  readonly most: number;
  readonly asynchronous: boolean;
  readonly standbys?: number;
}

interface Letter {
  readonly id: string;
  /** `topic/partition/offset` of its record. */
  readonly source: string;
  readonly key: Buffer;
  readonly value: string;
  readonly task: string;
  readonly parked: Release['parked'];
}

type In = StreamRecord<string, string>;

/** One stage with a memory, on two inputs, whose failing records park their keys. */
const topology = (most: number) => `
application: shop
streams:
  first:  { topic: first, key: string, value: string, format: string }
  second: { topic: second, key: string, value: string, format: string }
  seen:   { topic: seen, key: string, value: string, format: string }
stores: { memory: { key: string, value: long, ttl: none, why: a test } }
stages:
  both:    { from: [first, second] }
  checked: { in: { in: both }, process: checked, stores: [memory], out: { out: { key: string, value: string } } }
  send:    { from: checked.out, to: seen }
errors: { default: { dead-letter: letters, park-by-key: { most: ${most}, when-full: wait } } }
`;

/** An application whose records fail, are released and given up, while anything happens to its members. */
export class ParkingStory {
  readonly cluster: Cluster;
  private readonly members: RestlessMembers;
  private readonly most: number;
  /** Values that fail. */
  private readonly bad = new Set<string>();
  /** Decisions, by the letter. */
  private readonly decided = new Map<string, Release>();
  /** Source → what it became by the last decision about it; null: it was given up. */
  private readonly became = new Map<string, string | null>();
  private sent = 0;

  constructor({ most, asynchronous, standbys = 0 }: StoryOptions) {
    this.most = most;
    const checked = (
      inputs: { readonly in: import('rxjs').Observable<In> },
      context: { store: (name: string) => KeyValueStore<string, number> },
    ) => {
      const memory = context.store('memory');
      const run = (it: In): In => {
        const count = (memory.get(it.key) ?? 0) + 1;
        memory.put(it.key, count);
        if (this.bad.has(it.value.replaceAll('+', ''))) throw new Error(`not ${it.value}`);
        return it.withValue(`${count}:${it.value}`);
      };
      const slow = async (it: In): Promise<In> => {
        await Promise.resolve();
        return run(it);
      };
      return {
        out: inputs.in.pipe(
          asynchronous ? mapAsync({ concurrency: 3, order: 'per-key' }, slow) : map(run),
        ),
      };
    };
    const options = { functions: { checked }, standbyReplicas: standbys, trace: 'taken' };
    this.cluster = new Cluster(
      topology(most),
      { ...options, options: { 'batch-records': 7, 'random-cuts': { seed: most } } },
      2,
    );
    this.members = new RestlessMembers(this.cluster);
  }

  async begin(): Promise<void> {
    await this.cluster.createTopics();
    await this.cluster.start('a');
  }

  async do(it: ParkingStep): Promise<void> {
    switch (it.do) {
      case 'send': {
        const key = keys[it.key % keys.length] as string;
        const records = it.bad.map((bad) => {
          const value = `v${this.sent++}`;
          if (bad) this.bad.add(value);
          return plain(key, value, 1);
        });
        return this.cluster.send(it.topic, ...records);
      }
      case 'mend': {
        const bad = [...this.bad];
        this.bad.delete(bad[it.which % bad.length] ?? '');
        return;
      }
      case 'release': {
        const letters = await this.undecided();
        const letter = letters[it.which % letters.length];
        if (letter !== undefined) await this.decide(letter, it.how);
        return;
      }
      case 'repeat': {
        const all = [...this.decided];
        const [id, release] = all[it.which % all.length] ?? [];
        if (id !== undefined && release !== undefined) await this.note(id, release);
        return;
      }
      default:
        return this.members.do(it);
    }
  }

  /** Never more than is allowed is held. */
  checkBound(): void {
    for (const { held } of this.totals()) expect(held).toBeLessThanOrEqual(this.most);
  }

  /** Members are left in peace, but causes are not mended. */
  async calm(): Promise<void> {
    await this.members.calm();
    expect(this.members.failures).toEqual([]);
    for (const engine of this.cluster.engines) expect(engine.failure).toBeUndefined();
  }

  /** Everything that was taken was seen by the stage, in order, or given up, or is held: each once. */
  async check(): Promise<void> {
    const taken = await this.taken();
    const seen = await this.seen();
    const held = this.held();
    for (const key of keys) {
      const kept = (taken.get(key) ?? []).filter((it) => it !== null);
      const got = seen.get(key) ?? [];
      expect([...got.map(({ value }) => value), ...(held.get(key) ?? [])]).toEqual(kept);
      expect(got.map(({ count }) => count)).toEqual(got.map((_, i) => i + 1));
    }
    const inStores = [...held.values()].flat().length;
    const total = this.totals().reduce((sum, it) => sum + it.held, 0);
    expect([total, this.totals().reduce((sum, it) => sum + it.keys, 0)]).toEqual([
      inStores,
      held.size,
    ]);
  }

  /** All causes are mended, and everything is released. */
  async finish(): Promise<void> {
    this.bad.clear();
    for (let left = await this.undecided(); left.length > 0; left = await this.undecided()) {
      for (const letter of left) await this.decide(letter, 'retry');
      await this.cluster.advance(100);
    }
    await this.check();
    expect(this.held().size).toBe(0);
    const sent = [...(await this.taken()).values()].flat().length;
    expect(sent).toBe(this.sent);
  }

  private async decide(letter: Letter, how: 'retry' | 'discard' | 'value'): Promise<void> {
    const { id, source, key, task, parked } = letter;
    const value = `${letter.value}+`;
    if (how === 'discard') this.became.set(source, null);
    if (how === 'value') this.became.set(source, value);
    const release: Release = {
      task,
      key,
      parked,
      action: how === 'discard' ? 'discard' : 'retry',
      ...(how === 'value' ? { value: Buffer.from(value) } : {}),
    };
    this.decided.set(id, release);
    await this.note(id, release);
  }

  private async note(id: string, release: Release): Promise<void> {
    const { json, headers } = encodeRelease(release);
    const text = JSON.stringify({ version: 1, release: json });
    await this.cluster.send('shop-redriven', { ...plain(id, text), headers });
  }

  /** Letters that nobody has decided about. */
  private async undecided(): Promise<readonly Letter[]> {
    return (await this.letters()).filter(({ id }) => !this.decided.has(id));
  }

  private async letters(): Promise<readonly Letter[]> {
    return (await this.cluster.read('letters')).map((it) => {
      const { topic, partition, offset, task = '', parked = '' } = errorHeaders(it);
      return {
        id: `letters/${it.partition}/${it.offset}`,
        source: `${topic}/${partition}/${offset}`,
        key: it.key as Buffer,
        value: String(it.value),
        task,
        parked: parkedId(parked) as Release['parked'],
      };
    });
  }

  /** Key → values in the order in which their records were taken from the log, as decisions left them; null: given up. */
  private async taken(): Promise<ReadonlyMap<string, readonly (string | null)[]>> {
    const records = new Map<string, { readonly key: string; readonly value: string }>();
    for (const topic of topics) {
      for (const { partition, offset, key, value } of await this.cluster.read(topic)) {
        records.set(`${topic}/${partition}/${offset}`, { key: String(key), value: String(value) });
      }
    }
    const taken = new Map<string, (string | null)[]>();
    for (const { value } of await this.cluster.read('taken')) {
      const { topic, partition, offset } = JSON.parse(String(value)) as Record<string, unknown>;
      const source = `${String(topic)}/${String(partition)}/${String(offset)}`;
      const record = records.get(source) as { readonly key: string; readonly value: string };
      const became = this.became.get(source);
      const ofKey = taken.get(record.key) ?? [];
      taken.set(record.key, ofKey);
      ofKey.push(became === undefined ? record.value : became);
    }
    return taken;
  }

  /** Key → what the stage made of it: how many it had seen by then, and the value. */
  private async seen() {
    const seen = new Map<string, { readonly count: number; readonly value: string }[]>();
    for (const { key, value } of await this.cluster.read('seen')) {
      const [count = '', text = ''] = String(value).split(':');
      const ofKey = seen.get(String(key)) ?? [];
      seen.set(String(key), ofKey);
      ofKey.push({ count: Number(count), value: text });
    }
    return seen;
  }

  /** Key → values that the tasks hold, in order. */
  private held(): ReadonlyMap<string, readonly string[]> {
    const held = new Map<string, string[]>();
    for (const [row, bytes] of this.rows()) {
      if (parkedRow(row)?.kind !== 'held') continue;
      const { key, value } = decodeHeld(bytes);
      const ofKey = held.get(String(key)) ?? [];
      held.set(String(key), ofKey);
      ofKey.push(String(value));
    }
    return held;
  }

  private totals(): readonly ParkedTotals[] {
    const totals = this.rows().filter(([row]) => parkedRow(row)?.kind === 'totals');
    return totals.map(([, bytes]) => decodeTotals(bytes));
  }

  private rows(): readonly (readonly [Buffer, Buffer])[] {
    const tasks = this.cluster.engines.flatMap((engine) => engine.tasks);
    return tasks.flatMap(({ stores, topology: { parking } }) =>
      [...(stores.owned(parking?.store ?? '')?.range() ?? [])].map(
        ([key, row]) => [key as Buffer, row.value as Buffer] as const,
      ),
    );
  }
}
