import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Definition, OperatorDef, StageDef } from '../../../topology/definition/definition.ts';
import { check } from '../../../topology/graph/check.ts';
import { comparablePlan } from '../../../topology/plan/comparable-plan.ts';
import type { Plan, PlanNode } from '../../../topology/plan/plan.ts';
import { plan } from '../../../topology/plan/planner.ts';
import { call, define, smallCatalog, stream } from '../graph/small.ts';

const operators: readonly OperatorDef[] = [
  { kind: 'pass' },
  { kind: 'filter', when: { expr: 'value.total > 5' } },
  { kind: 'filter', when: { expr: 'value.total > 5' }, store: 'kept' },
  { kind: 'map', key: { expr: 'value.customerId' } },
  { kind: 'map-values', value: { expr: 'value' } },
  { kind: 'split', branches: [{ name: 'big', when: 'value.total > 5' }], rest: 'small' },
  { kind: 'repartition' },
  { kind: 'dedupe', by: 'key', retentionMs: 1000 },
  { kind: 'process', use: 'work', stores: ['seen'] },
  { kind: 'process', use: 'work' },
  call({ outcomes: { OK: { out: 'ok' }, NO: { out: 'no', compensates: 's0' } } }),
  call({ outcomes: { OK: { out: 'ok' }, NO: { out: 'no' } } }),
  { kind: 'count', group: { by: 'key' } },
  { kind: 'count', group: { by: 'expr', key: 'value.customerId' } },
  { kind: 'to-table' },
  { kind: 'to-stream' },
  { kind: 'join', with: 'rows', type: 'left', value: { expr: 'left' } },
  { kind: 'join', with: 's1', type: 'inner', value: { expr: 'left' } },
  { kind: 'join', with: 'all', type: 'inner', on: 'value.customerId', value: { expr: 'left' } },
];

const names = ['s0', 's1', 's2', 's3', 's4', 's5'];

/** References: mostly to what may be there. */
const ref = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('orders', 'rows') },
  { weight: 6, arbitrary: fc.constantFrom(...names) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom(...names), fc.constantFrom('big', 'small', 'ok', 'no', 'done'))
      .map((parts) => parts.join('.')),
  },
  { weight: 1, arbitrary: fc.constantFrom('all', 'nothing') },
);

const anyStage: fc.Arbitrary<StageDef> = fc
  .record({
    operator: fc.constantFrom(...operators),
    from: fc.oneof(
      { weight: 5, arbitrary: fc.tuple(ref) },
      { weight: 1, arbitrary: fc.tuple(ref, ref) },
    ),
    rekey: fc.boolean(),
    sent: fc.boolean(),
  })
  .map(({ operator, from, rekey, sent }) => {
    const input = { name: 'in', from, ...(rekey ? { key: 'value.customerId' } : {}) };
    const stage: StageDef = { inputs: [input], operator };
    if (operator.kind === 'process') {
      return { ...stage, outputs: [{ name: 'done', key: 'string', value: 'shop.Order' }] };
    }
    return sent ? { ...stage, to: [{ stream: 'copy' }] } : stage;
  });

/** Any definition of up to six stages; most are wrong in some way. */
const anyDefinition: fc.Arbitrary<Definition> = fc
  .array(anyStage, { minLength: 1, maxLength: names.length })
  .map((stages) => definitionOf(stages));

function definitionOf(stages: readonly StageDef[]): Definition {
  return define({
    streams: {
      orders: stream('shop.Order', { partitions: 4 }),
      copy: stream('shop.Order', { topics: ['copy'], partitions: 2 }),
    },
    tables: {
      rows: stream('shop.Order', { topics: ['rows'], partitions: 4 }),
      all: stream('shop.Order', { topics: ['all'], global: true }),
    },
    stores: { seen: { key: 'string', value: 'long', ttl: 1000 } },
    calls: { bank: { request: 'shop.Ask', reply: 'shop.Reply' } },
    stages: Object.fromEntries(stages.map((stage, i) => [names[i] as string, stage])),
  });
}

/**
 * Definitions without errors: each stage takes what is there, and what nothing takes is dropped.
 * Built by trying: a stage that makes an error is left out.
 */
const goodDefinition: fc.Arbitrary<Definition> = fc
  .array(anyStage, { minLength: 10, maxLength: 40 })
  .map((candidates) => {
    let stages: readonly StageDef[] = [];
    for (const candidate of candidates) {
      const more = [...stages, candidate];
      if (more.length <= names.length && finish(more) !== undefined) stages = more;
    }
    return finish(stages) ?? definitionOf([]);
  });

/**
 * The definition with everything dropped that nothing takes; undefined if it is wrong in another
 * way.
 */
function finish(stages: readonly StageDef[]): Definition | undefined {
  const definition = definitionOf(stages);
  const { problems } = check(definition, smallCatalog);
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.some(({ code }) => code !== 'E065')) return undefined;
  const dropped = Object.entries(definition.stages).map(([name, stage]) => {
    const drop = errors
      .filter(({ path }) => path[1] === name)
      .map(({ message }) => /^output "([^"]+)"/.exec(message)?.[1] ?? 'out');
    return [name, drop.length === 0 ? stage : { ...stage, drop }] as const;
  });
  return { ...definition, stages: Object.fromEntries(dropped) };
}

function planOf(definition: Definition): Plan {
  const { graph, problems } = check(definition, smallCatalog);
  if (graph === undefined) throw new Error(JSON.stringify(problems));
  return plan(graph);
}

function feeds(node: PlanNode): readonly string[] {
  if (node.kind === 'source') return [];
  if (node.kind === 'sink') return [node.input.node];
  return Object.values(node.inputs).flatMap((ports) => ports.map((feed) => feed.node));
}

const globals = new Set(['all']);
const settings = { numRuns: 150, seed: 20_261_124 };

describe('check of any definition', () => {
  test('never throws, and points at what is there', () => {
    fc.assert(
      fc.property(anyDefinition, (definition) => {
        for (const { path } of check(definition, smallCatalog).problems) {
          let at: unknown = definition;
          for (const step of path.slice(0, 2)) at = (at as Record<string, unknown>)[String(step)];
          expect(at, path.join('.')).toBeDefined();
        }
      }),
      settings,
    );
  });

  test('finds an error or none, whatever the order of stages', () => {
    fc.assert(
      fc.property(anyDefinition, (definition) => {
        const stages = Object.fromEntries(Object.entries(definition.stages).reverse());
        const wrong = (of: Definition): boolean => check(of, smallCatalog).graph === undefined;
        expect(wrong({ ...definition, stages })).toBe(wrong(definition));
      }),
      settings,
    );
  });
});

/** Made once: finding them takes longer than planning them. */
const good = fc.sample(goodDefinition, settings);

describe('plan of any good definition', () => {
  test('is tried on definitions of some size', () => {
    const tried = good.map(planOf);
    const roles = tried.flatMap((made) => [...made.topics.values()].map(({ role }) => role));
    expect(roles.filter((role) => role === 'repartition').length).toBeGreaterThan(100);
    expect(tried.filter(({ subTopologies }) => subTopologies.length > 2).length).toBeGreaterThan(
      20,
    );
  });

  test('has sub-topologies with unique ids, nodes with unique names, each after its inputs', () => {
    for (const definition of good) {
      const made = planOf(definition);
      const ids = made.subTopologies.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      const seen = new Set<string>();
      for (const { nodes } of made.subTopologies) {
        const here = new Set<string>(globals);
        for (const node of nodes) {
          for (const feed of feeds(node))
            expect(here.has(feed), `${node.name} ← ${feed}`).toBe(true);
          here.add(node.name);
          expect(seen.has(node.name)).toBe(false);
          seen.add(node.name);
        }
      }
    }
  });

  test('writes each repartition topic once and reads it once, with as many partitions as the tasks', () => {
    for (const definition of good) {
      const made = planOf(definition);
      const nodes = made.subTopologies.flatMap((sub) => sub.nodes);
      for (const topic of made.topics.values()) {
        if (topic.role !== 'repartition') continue;
        const sinks = nodes.filter((node) => node.kind === 'sink' && node.topic === topic.name);
        expect(sinks).toHaveLength(1);
        const readers = made.subTopologies.filter((sub) => sub.sourceTopics.includes(topic.name));
        expect(readers.map(({ partitions }) => partitions)).toEqual([topic.partitions]);
      }
    }
  });

  test('reads every external topic in one sub-topology, and keeps every store in one', () => {
    for (const definition of good) {
      const made = planOf(definition);
      const topics = made.subTopologies.flatMap((sub) => sub.sourceTopics);
      expect(new Set(topics).size).toBe(topics.length);
      const stores = made.subTopologies.flatMap((sub) => sub.stores);
      expect(new Set(stores).size).toBe(stores.length);
      for (const store of [...stores, ...made.globalTables.map((table) => table.store)]) {
        expect(made.stores.has(store), store).toBe(true);
      }
      expect(made.stores.size).toBe(stores.length + made.globalTables.length);
    }
  });

  test('lets no stage with state see a record whose key changed since it was partitioned', () => {
    for (const definition of good) {
      const made = planOf(definition);
      for (const { nodes } of made.subTopologies) {
        const changed = new Set<string>();
        for (const node of nodes) {
          if (node.kind !== 'stage') continue;
          const marked = node.inputs['in']?.some((feed) => changed.has(feed.node)) === true;
          const state = node.stores.some((store) => !globals.has(store));
          if (state && node.inputTypes['in']?.kind === 'stream') {
            expect(marked, node.name).toBe(false);
          }
          const { operator } = node;
          const rekeys =
            operator.kind === 'rekey' ||
            operator.kind === 'process' ||
            (operator.kind === 'map' && operator.key !== undefined);
          if (rekeys || (marked && node.inputTypes['in']?.kind === 'stream')) {
            changed.add(node.name);
          }
        }
      }
    }
  });

  test('is the same whatever the order of declarations', () => {
    for (const definition of good) {
      const stages = Object.fromEntries(Object.entries(definition.stages).reverse());
      const turned = planOf({ ...definition, stages });
      expect(comparablePlan(turned)).toEqual(comparablePlan(planOf(definition)));
    }
  });
});

describe('parking in the plan of any good definition', () => {
  const parkByKey = { most: 7, whenFull: 'stop' } as const;
  const errors = { deadLetter: 'failed', parkByKey };

  test('is where a stage has it as its own, unless that is refused', () => {
    let [taken, refused] = [0, 0];
    for (const definition of good) {
      for (const [name, stage] of Object.entries(definition.stages)) {
        const stages = { ...definition.stages, [name]: { ...stage, errors } };
        const { graph, problems } = check({ ...definition, stages }, smallCatalog);
        if (graph === undefined) {
          refused++;
          const wrong = problems.filter(({ severity }) => severity === 'error');
          expect(wrong.map(({ code }) => code)).toEqual(['E078']);
          continue;
        }
        taken++;
        const subs = plan(graph).subTopologies;
        const home = subs.find(({ nodes }) => nodes.some((node) => node.name === name));
        expect(home?.parking).toMatchObject(parkByKey);
      }
    }
    expect([taken > 50, refused > 10]).toEqual([true, true]);
  });

  test('has a store of its own in each sub-topology, and holds what that reads but its tables', () => {
    for (const definition of good) {
      const parking = { ...definition, errors: { default: errors } };
      // Where nothing but tables is read, that is said.
      if (check(parking, smallCatalog).problems.some(({ code }) => code === 'E078')) continue;
      const made = planOf(parking);
      const stores = made.subTopologies.flatMap((sub) => sub.stores);
      expect(new Set(stores).size).toBe(stores.length);
      for (const { parking, stores: own, sourceTopics, partitions } of made.subTopologies) {
        const held = sourceTopics.filter((topic) => made.topics.get(topic)?.role !== 'table');
        expect(parking?.topics ?? []).toEqual(held);
        if (parking === undefined) continue;
        expect(own).toContain(parking.store);
        const changelog = made.stores.get(parking.store)?.changelog ?? '';
        expect(made.topics.get(changelog)).toMatchObject({ role: 'changelog', partitions });
      }
    }
  });
});
