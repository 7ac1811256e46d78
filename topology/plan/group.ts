import { compareText } from '../graph/sources.ts';
import type { NodeOutput, PlanNode } from './plan.ts';

/** Union-find over names. */
class Groups {
  private readonly parents = new Map<string, string>();

  find(name: string): string {
    let root = name;
    for (let up = this.parents.get(root); up !== undefined; up = this.parents.get(root)) root = up;
    if (root !== name) this.parents.set(name, root);
    return root;
  }

  join(a: string, b: string): void {
    const [one, two] = [this.find(a), this.find(b)];
    if (one !== two) this.parents.set(two, one);
  }
}

/** The outputs that a node reads. */
function feedsOf(node: PlanNode): readonly NodeOutput[] {
  if (node.kind === 'source') return [];
  return node.kind === 'sink' ? [node.input] : Object.values(node.inputs).flat();
}

/** Stores that a node reads or writes. */
export function storesOfNode(node: PlanNode): readonly string[] {
  if (node.kind === 'stage') return node.stores;
  return node.kind === 'source' && node.store !== undefined ? [node.store] : [];
}

/**
 * Groups nodes into sub-topologies: those that are connected by edges or share a store, global ones
 * aside. Each group is in topological order, and nodes that may stand in either order stand in
 * order of their names.
 */
export function groupNodes(
  nodes: readonly PlanNode[],
  globalStores: ReadonlySet<string>,
): readonly (readonly PlanNode[])[] {
  const groups = new Groups();
  const names = new Set(nodes.map((node) => node.name));
  for (const node of nodes) {
    for (const feed of feedsOf(node)) {
      if (names.has(feed.node)) groups.join(node.name, feed.node);
    }
    for (const store of storesOfNode(node)) {
      // Store names and node names are different name spaces: a blank keeps them apart.
      if (!globalStores.has(store)) groups.join(node.name, ` ${store}`);
    }
  }
  const members = new Map<string, PlanNode[]>();
  for (const node of nodes) {
    const root = groups.find(node.name);
    members.set(root, [...(members.get(root) ?? []), node]);
  }
  return [...members.values()].map(inOrder);
}

/**
 * Id of a sub-topology: the first of its stages' names, in order of code units; of its sinks' and
 * sources' names where it has no stage. Nodes that the planner added do not count: their stage may
 * lie beyond a repartition topic.
 */
export function subTopologyId(nodes: readonly PlanNode[]): string {
  const stages = nodes.filter((node) => node.kind === 'stage' && node.stage === node.name);
  const named = stages.length > 0 ? stages : nodes.filter((node) => node.kind !== 'stage');
  return named.map((node) => node.name).sort(compareText)[0] ?? '';
}

function inOrder(nodes: readonly PlanNode[]): readonly PlanNode[] {
  const waiting = [...nodes].sort((a, b) => compareText(a.name, b.name));
  const names = new Set(nodes.map((node) => node.name));
  const done = new Set<string>();
  const ordered: PlanNode[] = [];
  while (waiting.length > 0) {
    const next = waiting.findIndex((node) =>
      feedsOf(node).every((feed) => done.has(feed.node) || !names.has(feed.node)),
    );
    const [node] = waiting.splice(next, 1) as [PlanNode];
    done.add(node.name);
    ordered.push(node);
  }
  return ordered;
}
