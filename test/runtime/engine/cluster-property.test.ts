import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeldMarkers } from '../../../runtime/memory/memory-transactions.ts';
import { decodeControl } from '../../../runtime/task/task-control.ts';
import { plain } from '../codec/records.ts';
import type { MemoryMember } from '../../../runtime/memory/memory-group.ts';
import { Cluster } from './cluster.ts';

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
const slots = ['a', 'b', 'c'] as const;

const heldMarkers = {
  all: 'all',
  records: () => true,
  changelogs: (topic) => topic.endsWith('-changelog'),
  control: (topic) => topic.endsWith('-control'),
  outputs: (topic) => !topic.startsWith('shop-'),
} satisfies Readonly<Record<string, HeldMarkers>>;

type Step =
  | { readonly do: 'sell'; readonly item: number; readonly kind: number; readonly times: number }
  | { readonly do: 'name'; readonly item: number }
  | {
      readonly do: 'start' | 'stop' | 'kill' | 'expel' | 'lose' | 'tell' | 'fence';
      readonly slot: (typeof slots)[number];
    }
  | { readonly do: 'hold'; readonly of: keyof typeof heldMarkers }
  | { readonly do: 'release' }
  /** Commits and assignments take as many turns from now on. */
  | { readonly do: 'slow'; readonly commits: number; readonly assignments: number }
  | { readonly do: 'turns'; readonly turns: number }
  | { readonly do: 'advance'; readonly ms: number };

const slot = fc.constantFrom(...slots);
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
  weighted(5, fc.record({ do: fc.constant('turns'), turns: fc.integer({ min: 1, max: 12 }) })),
  weighted(3, fc.record({ do: fc.constant('start'), slot })),
  weighted(1, fc.record({ do: fc.constantFrom('stop', 'fence'), slot })),
  weighted(2, fc.record({ do: fc.constantFrom('kill', 'expel', 'lose', 'tell'), slot })),
  weighted(
    2,
    fc.record({
      do: fc.constant('hold'),
      of: fc.constantFrom('all', 'records', 'changelogs', 'control', 'outputs'),
    }),
  ),
  weighted(1, fc.record({ do: fc.constant('release') })),
  weighted(2, fc.record({ do: fc.constant('slow'), commits: fc.nat(8), assignments: fc.nat(8) })),
  weighted(1, fc.record({ do: fc.constant('advance'), ms: fc.integer({ min: 1, max: 1500 }) })),
);

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** A cluster that goes through steps, whatever they are. */
class Story {
  readonly cluster: Cluster;
  readonly sold = new Map<string, number>();
  readonly names = new Map<string, string>();
  private readonly busy = new Map<string, Promise<void>>();
  private readonly failures: unknown[] = [];
  private readonly zombies = new Map<string, MemoryMember>();
  private release: (() => void) | undefined;

  constructor(standbyReplicas: number) {
    this.cluster = new Cluster(topology, { standbyReplicas }, 3);
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
      case 'hold':
        this.release ??= this.cluster.log.cluster.transactions.holdMarkers(
          'shop',
          heldMarkers[it.of],
        );
        return;
      case 'tell':
        this.zombies.get(it.slot)?.expelled();
        return;
      case 'slow':
        this.cluster.log.onPrepared = () => turns(it.commits);
        this.cluster.log.onRebalance = () => turns(it.assignments);
        return;
      case 'release':
        this.release?.();
        this.release = undefined;
        return;
      case 'turns':
        for (let i = 0; i < it.turns; i++) await this.cluster.turn();
        return;
      case 'advance':
        this.cluster.clock.advanceTo(this.cluster.clock.now() + it.ms);
        return;
      case 'fence':
        if (!this.runs(it.slot) && !this.busy.has(it.slot)) this.cluster.fence(it.slot);
        return;
      default:
        this.member(it.do, it.slot);
    }
  }

  /** Everything that is held back or dead is let go or fenced; one member at least is there; all is worked off. */
  async end(): Promise<void> {
    await this.do({ do: 'release' });
    for (const name of slots) await this.do({ do: 'fence', slot: name });
    for (const busy of this.busy.values()) await this.cluster.during(busy);
    for (const zombie of this.zombies.values()) zombie.expelled();
    if (this.cluster.engines.length === 0) await this.cluster.start('a');
    for (const name of slots) await this.do({ do: 'fence', slot: name });
    await this.cluster.advance(3000);
    expect(this.failures).toEqual([]);
  }

  private async sell({ item, kind, times }: Extract<Step, { do: 'sell' }>): Promise<void> {
    const [key, value] = [items[item] as string, kinds[kind] as string];
    const records = Array.from({ length: times }, () => plain(key, value, 1));
    for (const name of [key, value]) this.sold.set(name, (this.sold.get(name) ?? 0) + times);
    await this.cluster.send('sold', ...records);
  }

  private runs(name: string): boolean {
    return this.cluster.members.get(name)?.engine !== undefined;
  }

  private member(what: 'start' | 'stop' | 'kill' | 'expel' | 'lose', name: string): void {
    if (this.busy.has(name)) return;
    if (what === 'start') {
      if (!this.runs(name)) this.run(name, this.cluster.start(name));
    } else if (this.runs(name)) {
      if (what === 'kill') this.cluster.kill(name);
      else if (what === 'expel' || what === 'lose') this.expel(name);
      else this.run(name, this.cluster.stop(name));
      if (what === 'lose') this.zombies.get(name)?.expelled();
    }
  }

  private expel(name: string): void {
    const zombie = this.cluster.log.cluster.expel('shop', name);
    if (zombie !== undefined) this.zombies.set(name, zombie);
  }

  private run(name: string, work: Promise<unknown>): void {
    const ended = work.then(
      () => {},
      (error: unknown) => {
        this.failures.push(error);
      },
    );
    this.busy.set(
      name,
      ended.finally(() => this.busy.delete(name)),
    );
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
