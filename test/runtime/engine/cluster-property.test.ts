import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeControl } from '../../../runtime/task/task-control.ts';
import { plain } from '../codec/records.ts';
import { Cluster } from './cluster.ts';
import { memberStep, type MemberStep, RestlessMembers } from './restless-members.ts';

/** Two sub-topologies, with a repartition topic between, a count in each, and a table that its source topic backs. */
const topology = `
application: shop
streams:
  sold:   { topic: sold, key: string, value: string, format: string }
  totals: { topic: totals, key: string, value: long }
  named:  { topic: named, key: string, value: string, format: string }
tables:
  names: { topic: names, key: string, value: string, format: string, cleanup: compact }
stages:
  per-item:  { from: sold, group-by-key: true, count: {} }
  by-kind:   { from: sold, group-by: value, count: {} }
  items:     { from: per-item, to-stream: {}, to: totals }
  kinds:     { from: by-kind, to-stream: {}, to: totals }
  with-name: { from: sold, join: { with: names, kind: left, expr: 'right == null ? "none" : right' }, to: named }
`;

const items = Array.from({ length: 12 }, (_, i) => `item${i}`);
const kinds = ['kind0', 'kind1', 'kind2'];
type Step =
  | MemberStep
  | { readonly do: 'sell'; readonly item: number; readonly kind: number; readonly times: number }
  | { readonly do: 'name'; readonly item: number };

const weighted = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });
const step: fc.Arbitrary<Step> = fc.oneof(
  weighted(
    6,
    fc.record({
      do: fc.constant('sell'),
      item: fc.nat(items.length - 1),
      kind: fc.nat(kinds.length - 1),
      times: fc.integer({ min: 1, max: 5 }),
    }),
  ),
  weighted(2, fc.record({ do: fc.constant('name'), item: fc.nat(items.length - 1) })),
  weighted(18, memberStep),
);

/** A cluster that goes through steps, whatever they are. */
class Story {
  readonly cluster: Cluster;
  readonly sold = new Map<string, number>();
  readonly names = new Map<string, string>();
  private readonly members: RestlessMembers;

  constructor(standbyReplicas: number) {
    this.cluster = new Cluster(topology, { standbyReplicas }, 3);
    this.members = new RestlessMembers(this.cluster);
  }

  async begin(): Promise<void> {
    await this.cluster.createTopics();
    await this.cluster.start('a');
  }

  async do(it: Step): Promise<void> {
    switch (it.do) {
      case 'sell':
        return this.sell(it);
      case 'name': {
        const key = items[it.item] as string;
        const name = `${key} as of ${this.names.size}`;
        this.names.set(key, name);
        return this.cluster.send('names', plain(key, name, 1));
      }
      default:
        return this.members.do(it);
    }
  }

  /** All is worked off. */
  async end(): Promise<void> {
    await this.members.calm();
    expect(this.members.failures).toEqual([]);
  }

  private async sell({ item, kind, times }: Extract<Step, { do: 'sell' }>): Promise<void> {
    const [key, value] = [items[item] as string, kinds[kind] as string];
    const records = Array.from({ length: times }, () => plain(key, value, 1));
    for (const name of [key, value]) this.sold.set(name, (this.sold.get(name) ?? 0) + times);
    await this.cluster.send('sold', ...records);
  }
}

/** What a topic holds of each key, in order. */
async function byKey(cluster: Cluster, topic: string): Promise<Map<string, Buffer[]>> {
  const result = new Map<string, Buffer[]>();
  for (const { key, value } of await cluster.read(topic)) {
    result.set(String(key), [...(result.get(String(key)) ?? []), value ?? Buffer.alloc(0)]);
  }
  return result;
}

async function checkCounts({ cluster, sold }: Story): Promise<void> {
  const totals = await byKey(cluster, 'totals');
  const counts = [...totals].map(([key, values]) => [key, values.map((it) => count(it))] as const);
  const expected = [...sold].map(
    ([key, times]) => [key, Array.from({ length: times }, (_, i) => i + 1)] as const,
  );
  expect(new Map(counts)).toEqual(new Map(expected));
}

/** A count as Avro's zigzag long behind the 5 bytes of its schema id. */
function count(value: Buffer): number {
  let result = 0;
  let shift = 0;
  for (const byte of value.subarray(5)) {
    result |= (byte & 0x7f) << shift;
    shift += 7;
  }
  return result / 2;
}

/** The counters in the control records say how many records were taken, each once (E5). */
async function checkCounters({ cluster, sold }: Story): Promise<void> {
  const taken = new Map<string, number>();
  for (const [key, values] of await byKey(cluster, 'shop-control')) {
    if (key.includes('/')) continue;
    const { outcomes } = decodeControl(values.at(-1) as Buffer);
    for (const [node, counts] of Object.entries(outcomes)) {
      taken.set(node, (taken.get(node) ?? 0) + (counts.in ?? 0));
    }
  }
  const records = items.reduce((sum, item) => sum + (sold.get(item) ?? 0), 0);
  expect([taken.get('sold') ?? 0, taken.get('by-kind') ?? 0]).toEqual([records, records]);
}

/** Every row that a running task has is what the changelog says, and every task runs once. */
async function checkStores({ cluster, names }: Story): Promise<void> {
  const running = cluster.engines.flatMap(({ tasks }) => tasks);
  expect(running.map(({ id }) => id).sort()).toEqual(
    cluster.engines[0]?.units.map(({ id }) => id).sort(),
  );
  const rows = new Map<string, string>();
  for (const task of running) {
    for (const [key, row] of task.stores.owned('names')?.range() ?? []) {
      rows.set(key as string, row.value as string);
    }
  }
  expect(rows).toEqual(names);
  for (const store of ['per-item', 'by-kind']) {
    const last = new Map<string, Buffer | undefined>();
    for (const [key, values] of await byKey(cluster, `shop-${store}-changelog`)) {
      last.set(key, values.at(-1));
    }
    const found = new Map<string, number>();
    for (const task of running) {
      for (const [key, row] of task.stores.owned(store)?.range() ?? []) {
        found.set(key as string, row.value as number);
      }
    }
    const folded = [...last].map(
      ([key, it]) => [key, Number(it?.readBigInt64BE(0) ?? -1)] as const,
    );
    expect(found).toEqual(new Map(folded));
  }
}

describe('an application of several members', () => {
  test.each([0, 1])(
    'counts each record once, in order, whatever happens to them (%i standbys)',
    async (standbys) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
          const story = new Story(standbys);
          await story.begin();
          for (const it of steps) {
            await story.do(it);
            await story.cluster.turn();
          }
          await story.end();
          await checkCounts(story);
          await checkCounters(story);
          await checkStores(story);
          for (const engine of story.cluster.engines) expect(engine.failure).toBeUndefined();
          await story.cluster.close();
        }),
        { numRuns: 150 },
      );
    },
    120_000,
  );
});
