import type { ErrorPolicyDef } from '../definition/definition.ts';
import { defaultPolicy } from '../graph/error-policies.ts';
import type { Graph } from '../graph/graph.ts';
import { partitioningOf } from '../graph/partitioning.ts';
import { compareText } from '../graph/sources.ts';
import { buildNodes } from './build-nodes.ts';
import { buildStores } from './build-stores.ts';
import { buildTopics } from './build-topics.ts';
import { groupNodes, storesOfNode, subTopologyId } from './group.ts';
import { keptIds, type PreviousIds } from './kept-ids.ts';
import { parkingOf } from './parking.ts';
import type { NodeGroup, PlanOptions } from './partitions.ts';
import { countPartitions, fixedPartitions } from './partitions.ts';
import type { Plan, PlanNode, SubTopology } from './plan.ts';
import { tablesOf } from './tables.ts';

/**
 * Plans a graph: which nodes there are, which run together, which topics and stores they need.
 * Pure, and independent of the order in which things were declared. Partition counts that neither
 * the topology nor `options` knows are taken to be those of the topics read together with them,
 * else 1; pass `partitionsOf` where a log is at hand.
 * @throws {ConfigError} PLAN_PARTITIONS when topics that must have one partition count have several
 */
export function plan(graph: Graph, options: PlanOptions = {}): Plan {
  const { definition } = graph;
  const built = buildNodes(graph, partitioningOf(graph), tablesOf(graph));
  const globalStores = new Set(built.globalTables.map((table) => table.store));
  const groups = withIds(groupNodes(built.nodes, globalStores).map(nodeGroup), options.previous);
  const fixed = fixedPartitions(graph, built.repartitions, options);
  const counts = countPartitions(groups, fixed);
  const errors = defaultPolicy(definition);
  const ownPolicy = (stage: string): ErrorPolicyDef | undefined =>
    graph.stages.get(stage)?.def.errors;
  const subTopologies = groups
    .map((group): SubTopology => {
      const { id, nodes, topics } = group;
      const parking = parkingOf(group, errors, ownPolicy);
      const used = nodes.flatMap(storesOfNode).filter((name) => !globalStores.has(name));
      const stores = unique(parking === undefined ? used : [...used, parking.store]);
      const partitions = counts.get(id) ?? 1;
      const sub = { id, nodes, sourceTopics: topics, stores, partitions };
      return parking === undefined ? sub : { ...sub, parking };
    })
    .sort((a, b) => compareText(a.id, b.id));
  const nodeStores = new Set([...subTopologies.flatMap((sub) => sub.stores), ...globalStores]);
  const parked = subTopologies.flatMap(({ parking }) => parking?.store ?? []);
  const stores = buildStores(graph, nodeStores, parked);
  return {
    application: definition.application,
    ...(definition.processors === undefined ? {} : { processors: definition.processors }),
    subTopologies,
    globalTables: built.globalTables,
    topics: buildTopics({ graph, subTopologies, stores, fixed }),
    stores,
    calls: graph.calls,
    errors,
  };
}

function nodeGroup(nodes: readonly PlanNode[]): NodeGroup {
  const topics = nodes.flatMap((node) => (node.kind === 'source' ? node.topics : []));
  return { id: subTopologyId(nodes), nodes, topics: unique(topics) };
}

function withIds(groups: readonly NodeGroup[], previous: PreviousIds = {}): readonly NodeGroup[] {
  const ids = keptIds(groups, previous);
  return groups.map((group, at) => ({ ...group, id: ids[at] ?? group.id }));
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort(compareText);
}
