import { compareText } from '../graph/sources.ts';
import { rekeys } from './describe-json.ts';
import type { DescribedNode } from './describe-nodes.ts';
import { describeGlobal, describeNodes } from './describe-nodes.ts';
import type { Plan, SubTopology } from './plan.ts';

/**
 * The plan as a Mermaid flow chart: a subgraph for each sub-topology, cylinders for stores, flags
 * for topics, hexagons and dashed `new key` arrows where the key is made anew, dashed `parked`
 * arrows to the stores where records of a topic may wait. Sources and sinks are not drawn, only the
 * topics behind them. Ends with a line break.
 */
export function describeMermaid(plan: Plan): string {
  const ids = new Ids();
  const lines = ['flowchart LR'];
  const edges: string[] = [];
  const stores = new Set<string>();
  for (const sub of plan.subTopologies) {
    const nodes = describeNodes(sub.nodes);
    const inside = [
      ...nodes.filter(({ kind }) => kind === 'processor').map((node) => nodeShape(ids, node)),
      ...sub.stores.map((store) => storeShape(ids, store)),
    ];
    sub.stores.forEach((store) => stores.add(store));
    lines.push(...subgraph(ids.of('sub', sub.id), `${sub.id} × ${sub.partitions}`, inside));
    edges.push(...edgesOf(ids, nodes), ...parkedEdges(ids, sub));
  }
  for (const { source, processor } of describeGlobal(plan)) {
    const inside = [nodeShape(ids, processor)];
    const label = `${processor.name} (global)`;
    const added = processor.stores.filter((store) => !stores.has(store));
    inside.push(...added.map((store) => storeShape(ids, store)));
    lines.push(...subgraph(ids.of('sub', processor.name), label, inside));
    edges.push(...edgesOf(ids, [source, processor]));
  }
  const topics = new Set(edges.length === 0 ? [] : drawnTopics(plan));
  for (const topic of [...topics].sort(compareText)) {
    const internal = plan.topics.get(topic)?.internal === true;
    const style = internal ? ':::internal' : '';
    lines.push(`  ${ids.of('topic', topic)}>"${escape(topic)}"]${style}`);
  }
  lines.push(...edges.map((edge) => `  ${edge}`), '  classDef internal stroke-dasharray: 4 3');
  return `${lines.join('\n')}\n`;
}

/** Short ids, stable for equal plans: Mermaid takes few characters in them, names take more. */
class Ids {
  private readonly known = new Map<string, string>();

  of(kind: 'sub' | 'node' | 'store' | 'topic', name: string): string {
    const key = `${kind} ${name}`;
    const id = this.known.get(key) ?? `${kind}_${name.replace(/[^A-Za-z0-9]/g, '_')}`;
    if (this.known.has(key)) return id;
    const taken = new Set(this.known.values());
    let free = id;
    for (let i = 2; taken.has(free); i++) free = `${id}_${i}`;
    this.known.set(key, free);
    return free;
  }
}

function subgraph(id: string, label: string, inside: readonly string[]): readonly string[] {
  const indented = inside.map((line) => `    ${line}`);
  return [`  subgraph ${id}["${escape(label)}"]`, ...indented, '  end'];
}

function nodeShape(ids: Ids, { name, node }: DescribedNode): string {
  const operator = node.kind === 'stage' ? node.operator.kind : 'table';
  const label = `${escape(name)}<br/><small>${operator}</small>`;
  const id = ids.of('node', name);
  return rekeys(node) ? `${id}{{"${label}"}}` : `${id}["${label}"]`;
}

function storeShape(ids: Ids, store: string): string {
  return `${ids.of('store', store)}[("${escape(store)}")]`;
}

function edgesOf(ids: Ids, nodes: readonly DescribedNode[]): readonly string[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const edges: string[] = [];
  for (const described of nodes) {
    const { kind, name, topics } = described;
    const from = ids.of('node', name);
    if (kind === 'source') {
      for (const topic of topics) {
        for (const next of described.successors) {
          edges.push(...connect(ids, ids.of('topic', topic), byName.get(next), '-->'));
        }
      }
    } else if (kind === 'processor') {
      const arrow = rekeys(described.node) ? '-. new key .->' : '-->';
      for (const next of described.successors) {
        edges.push(...connect(ids, from, byName.get(next), arrow));
      }
      for (const store of described.stores) edges.push(`${from} --- ${ids.of('store', store)}`);
    }
  }
  return edges;
}

/** Records wait as they were read: in front of all nodes. */
function parkedEdges(ids: Ids, { parking }: SubTopology): readonly string[] {
  if (parking === undefined) return [];
  const store = ids.of('store', parking.store);
  return parking.topics.map((topic) => `${ids.of('topic', topic)} -. parked .-> ${store}`);
}

/** An edge to a node; to a sink's topics where it is one. */
function connect(
  ids: Ids,
  from: string,
  to: DescribedNode | undefined,
  arrow: string,
): readonly string[] {
  if (to === undefined) return [];
  if (to.kind !== 'sink') return [`${from} ${arrow} ${ids.of('node', to.name)}`];
  return to.topics.map((topic) => `${from} ${arrow} ${ids.of('topic', topic)}`);
}

function drawnTopics(plan: Plan): readonly string[] {
  const nodes = [
    ...plan.subTopologies.flatMap((sub) => sub.nodes),
    ...plan.globalTables.map((table) => table.source),
  ];
  return nodes.flatMap((node) => {
    if (node.kind === 'source') return node.topics;
    if (node.kind === 'stage') return [];
    return node.topic === undefined ? Object.values(node.choices ?? {}) : [node.topic];
  });
}

function escape(text: string): string {
  return text.replaceAll('"', '#quot;');
}
