import type { Clock } from '../../topology/core/clock.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { taskId } from '../../topology/core/names.ts';
import type { Plan, StorePlan } from '../../topology/plan/plan.ts';
import type { Engine } from '../engine/engine.ts';
import type { Serdes } from '../engine/serdes.ts';
import type { StateBackend } from '../ports.ts';
import { journalStore } from '../task/call-journals.ts';
import { type LocalPartition, LocalView } from './local-view.ts';
import { isPartitionKey } from './partition-key.ts';
import type { Staleness, StoreView } from './store-view.ts';

export interface LocalQueriesOptions {
  readonly plan: Plan;
  readonly engine: Pick<Engine, 'tasks' | 'restoring' | 'standbyTasks' | 'standbyLag'>;
  readonly serdes: Serdes;
  readonly state: StateBackend;
  readonly clock: Clock;
  readonly partitionsOf: (topic: string) => number;
}

/** Views of the stores on this member. */
export class LocalQueries {
  private readonly options: LocalQueriesOptions;
  private readonly views = new Map<string, Promise<StoreView>>();

  constructor(options: LocalQueriesOptions) {
    this.options = options;
  }

  /** Names of the stores that can be looked at, sorted: all but the journals of calls, and what waits behind dead letters. */
  get stores(): readonly string[] {
    const { plan } = this.options;
    const own = new Set<string>();
    for (const { nodes, parking } of plan.subTopologies) {
      for (const { name } of nodes) own.add(journalStore(name));
      if (parking !== undefined) own.add(parking.store);
    }
    return [...plan.stores.keys()].filter((name) => !own.has(name)).sort();
  }

  /** @throws {ConfigError} STORE_NAME when there is no such store */
  view(name: string): Promise<StoreView> {
    let view = this.views.get(name);
    if (view === undefined) {
      view = this.make(name);
      view.catch(() => this.views.delete(name));
      this.views.set(name, view);
    }
    return view;
  }

  private async make(name: string): Promise<StoreView> {
    const { plan, serdes, state } = this.options;
    const store = plan.stores.get(name);
    const { stores } = this;
    if (store === undefined || !stores.includes(name)) {
      const known = stores.map((it) => `"${it}"`).join(', ');
      throw new ConfigError(
        'STORE_NAME',
        `application "${plan.application}" has no store "${name}"; it has ${known === '' ? 'none' : known}`,
      );
    }
    const keySerde = await serdes.key(store.changelog, store.key, store.global ? 'read' : 'write');
    const valueSerde = await serdes.storeValue(store.changelog, store.value);
    const shared = { plan: store, keySerde, valueSerde, cache: serdes.cache, state };
    const sub = plan.subTopologies.find(({ stores: own }) => own.includes(name));
    if (store.global || sub === undefined) {
      const held = [{ partition: 0, role: 'global', staleness: undefined, streamTime: undefined }];
      return new LocalView({
        ...shared,
        partitions: 1,
        keyed: true,
        held: () => held as readonly LocalPartition[],
        isRestoring: () => false,
        taskOf: () => undefined,
      });
    }
    const { engine, partitionsOf } = this.options;
    return new LocalView({
      ...shared,
      partitions: Math.max(...sub.sourceTopics.map(partitionsOf)),
      keyed: isPartitionKey(plan, sub, store),
      held: () => this.held(store, sub.id),
      isRestoring: (partition) =>
        engine.restoring.some(({ task }) => task === taskId(sub.id, partition)),
      taskOf: (partition) => taskId(sub.id, partition),
    });
  }

  private held({ name }: StorePlan, subTopology: string): readonly LocalPartition[] {
    const { engine } = this.options;
    const held: LocalPartition[] = [];
    for (const { topology, partition, control } of engine.tasks) {
      if (topology.id !== subTopology) continue;
      const { streamTime } = control.times;
      held.push({ partition, role: 'active', staleness: undefined, streamTime });
    }
    for (const { id, partition, topology } of engine.standbyTasks) {
      if (topology.id !== subTopology) continue;
      const staleness = this.staleness(id, name);
      if (staleness === undefined) continue;
      held.push({ partition, role: 'standby', staleness, streamTime: undefined });
    }
    return held.toSorted((a, b) => a.partition - b.partition);
  }

  private staleness(task: string, store: string): Staleness | undefined {
    const { engine, clock } = this.options;
    const lag = engine.standbyLag(task, store);
    if (lag === undefined) return undefined;
    const { records, asOfMs } = lag;
    return { records, ms: asOfMs === undefined ? undefined : Math.max(0, clock.now() - asOfMs) };
  }
}
