import { compareText } from '../graph/sources.ts';
import type { Plan, PlanNode, SourceNode } from './plan.ts';

/** A node as descriptions show it: named neighbours on both sides. */
export interface DescribedNode {
  readonly name: string;
  readonly kind: 'source' | 'processor' | 'sink';
  /** Topics of a source; the topic of a sink, or several to choose from. */
  readonly topics: readonly string[];
  readonly stores: readonly string[];
  readonly successors: readonly string[];
  readonly predecessors: readonly string[];
  readonly node: PlanNode;
}

/**
 * The nodes of a sub-topology as Kafka Streams would show them: a table is a source and a processor
 * that keeps the rows, and a join reads its table through the store, not through an edge.
 */
export function describeNodes(nodes: readonly PlanNode[]): readonly DescribedNode[] {
  const plain = nodes.flatMap(expand);
  const successors = new Map<string, string[]>();
  for (const { name, predecessors } of plain) {
    for (const before of predecessors) {
      successors.set(before, [...(successors.get(before) ?? []), name]);
    }
  }
  return plain.map((node) => ({
    ...node,
    predecessors: sorted(node.predecessors),
    successors: sorted(successors.get(node.name) ?? []),
  }));
}

/** The source and the processor of a table of which every member holds all rows. */
export function describeGlobal(
  plan: Plan,
): readonly { readonly source: DescribedNode; readonly processor: DescribedNode }[] {
  return [...plan.globalTables]
    .sort((a, b) => compareText(a.name, b.name))
    .map((table) => {
      const [source, processor] = describeNodes([table.source]) as [DescribedNode, DescribedNode];
      return { source, processor: { ...processor, stores: [table.store] } };
    });
}

type PlainNode = Omit<DescribedNode, 'successors'>;

function expand(node: PlanNode): readonly PlainNode[] {
  switch (node.kind) {
    case 'source':
      return isTable(node) ? tableNodes(node) : [sourceNode(node, node.name)];
    case 'stage': {
      const ports = Object.entries(node.inputs).filter(([port]) => !isLookup(node, port));
      const predecessors = ports.flatMap(([, feeds]) => feeds.map((feed) => feed.node));
      const { name, stores } = node;
      return [
        {
          name,
          kind: 'processor',
          topics: [],
          stores: sorted(stores),
          predecessors,
          node,
        },
      ];
    }
    default: {
      const topics = node.topic === undefined ? Object.values(node.choices ?? {}) : [node.topic];
      const predecessors = [node.input.node];
      return [{ name: node.name, kind: 'sink', topics, stores: [], predecessors, node }];
    }
  }
}

function isTable(node: SourceNode): boolean {
  return node.type.kind === 'table' && !node.internal;
}

function isLookup(node: PlanNode, port: string): boolean {
  return node.kind === 'stage' && node.operator.kind === 'join' && port === 'with';
}

function sourceNode(node: SourceNode, name: string): PlainNode {
  return { name, kind: 'source', topics: node.topics, stores: [], predecessors: [], node };
}

/**
 * The processor has the table's name, since it is what others read; the source is called
 * `<table>-source`, as in Kafka Streams.
 */
function tableNodes(node: SourceNode): readonly PlainNode[] {
  const source = sourceNode(node, `${node.name}-source`);
  const stores = node.store === undefined ? [] : [node.store];
  return [
    source,
    {
      name: node.name,
      kind: 'processor',
      topics: [],
      stores,
      predecessors: [source.name],
      node,
    },
  ];
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort(compareText);
}
