import { changelogTopic } from '../core/names.ts';
import { bytesType } from '../graph/avro-types.ts';
import { tableStoreOf } from '../graph/derived-names.ts';
import type { Graph } from '../graph/graph.ts';
import { byName } from '../graph/sources.ts';
import type { StorePlan } from './plan.ts';

/**
 * Stores of the sub-topologies and of global tables, in order of names. `parked` are those of
 * records that wait behind a dead letter.
 */
export function buildStores(
  graph: Graph,
  nodeStores: ReadonlySet<string>,
  parked: readonly string[],
): ReadonlyMap<string, StorePlan> {
  const { application } = graph.definition;
  const stores: StorePlan[] = [];
  const own = (
    name: string,
  ): Pick<StorePlan, 'name' | 'changelog' | 'sourceBacked' | 'global'> => ({
    name,
    changelog: changelogTopic(application, name),
    sourceBacked: false,
    global: false,
  });
  for (const { name, def, key, value } of graph.stores.values()) {
    if (nodeStores.has(name)) stores.push({ ...own(name), key, value, ttl: def.ttl });
  }
  for (const source of graph.sources.values()) {
    const name = source.store;
    if (name === undefined || !nodeStores.has(name)) continue;
    const { key, value } = source.type;
    const global = source.kind === 'global-table';
    const backed = global || source.def.cleanup === 'compact';
    const changelog = backed ? { changelog: source.def.topics[0] ?? '', sourceBacked: true } : {};
    stores.push({ ...own(name), ...changelog, key, value, ttl: 'none', global });
  }
  for (const stage of graph.stages.values()) {
    const { operator } = stage.def;
    const output = stage.outputs['out'];
    if (operator.kind === 'dedupe' && stage.dedupeKey !== undefined) {
      const ttl = operator.retentionMs;
      stores.push({ ...own(`${stage.name}-seen`), key: stage.dedupeKey, value: bytesType, ttl });
    } else if (operator.kind === 'call') {
      const name = `${stage.name}-journal`;
      stores.push({ ...own(name), key: bytesType, value: bytesType, ttl: 'none' });
    } else if (output?.kind === 'table') {
      const name = tableStoreOf(stage);
      if (name === undefined || !nodeStores.has(name)) continue;
      stores.push({ ...own(name), key: output.key, value: output.value, ttl: 'none' });
    }
  }
  for (const name of parked) {
    stores.push({ ...own(name), key: bytesType, value: bytesType, ttl: 'none' });
  }
  return byName(stores);
}
