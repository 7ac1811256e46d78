import type { Serde } from '../../schemas/serde.ts';
import type { Clock } from '../../topology/core/clock.ts';
import type { StorePlan } from '../../topology/plan/plan.ts';
import type { Report } from '../logger.ts';
import type { Log, StateBackend } from '../ports.ts';
import type { RefusedByTopic } from '../task/refused-rows.ts';
import { journalStore } from '../task/call-journals.ts';
import type { TopologyCompiler } from './compile-topology.ts';
import { MetRows } from './met-rows.ts';
import type { Serdes } from './serdes.ts';
import { SourceRows } from './source-rows.ts';
import { StoreCopy } from './store-copy.ts';
import type { RunnableUnit } from './task-units.ts';

export interface UnitStoresOptions {
  readonly log: Log;
  readonly state: StateBackend;
  readonly clock: Clock;
  readonly serdes: Serdes;
  readonly compiler: Pick<TopologyCompiler, 'intentCodec'>;
  readonly report: Report;
}

/** A store of a task with what reads and writes it, and its copy on this member's disk. */
export interface UnitStore {
  readonly plan: StorePlan;
  readonly keySerde: Serde;
  readonly valueSerde: Serde;
  readonly copy: StoreCopy;
}

/**
 * The stores of a task as they stand on disk; nothing is read yet. `refused` says which records of source topics are no rows; it may be filled later, but before a
 * copy takes them.
 */
export async function unitStores(
  options: UnitStoresOptions,
  unit: RunnableUnit,
  refused: RefusedByTopic,
): Promise<readonly UnitStore[]> {
  const { log, state, clock, serdes, report } = options;
  const { topology, partition } = unit;
  const wait = { cache: serdes.cache, clock, report };
  const stores: UnitStore[] = [];
  for (const plan of topology.stores) {
    const keySerde = await serdes.key(plan.changelog, plan.key, 'write');
    const valueSerde = await serdes.storeValue(plan.changelog, plan.value);
    const source = topology.sources.find(({ node }) => node.store === plan.name);
    const rows =
      plan.sourceBacked && source !== undefined
        ? new SourceRows(
            source.decode,
            plan.changelog,
            (offset) => refused.get(plan.changelog)?.get(offset),
            { keySerde, valueSerde, wait },
          )
        : new MetRows(await unknownIds(options, unit, { plan, valueSerde }), wait);
    const copy = new StoreCopy({
      log,
      state,
      clock,
      report,
      store: { name: plan.name, partition, ttl: plan.ttl },
      changelog: plan.changelog,
      toRows: (records, signal) => rows.rows(records, signal),
    });
    stores.push({ plan, keySerde, valueSerde, copy });
  }
  return stores;
}

/** What tells of a value of a store a schema that is not at hand: those in the rows of call journals are no serde's own. */
async function unknownIds(
  { compiler }: UnitStoresOptions,
  { topology }: RunnableUnit,
  { plan, valueSerde }: Pick<UnitStore, 'plan' | 'valueSerde'>,
): Promise<(value: Buffer) => number | undefined> {
  const call = topology.calls.find(({ name }) => journalStore(name) === plan.name);
  if (call === undefined) return (value) => valueSerde.unknownId?.(value, 0, value.length);
  const codec = await compiler.intentCodec(call);
  return (value) => codec.unknownId(value);
}
