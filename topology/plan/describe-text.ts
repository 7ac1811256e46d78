import type { DescribedNode } from './describe-nodes.ts';
import { describeGlobal, describeNodes } from './describe-nodes.ts';
import type { Plan } from './plan.ts';

/**
 * The plan in the very format of Kafka Streams' `TopologyDescription.toString()`
 * (`InternalTopologyBuilder`, 4.3), which existing viewers read. Sub-topologies are numbered in
 * order of their ids, global tables after them; ends with a line break. Of stores it has those that
 * a processor uses, as that format does, so none of parked records.
 */
export function describeText(plan: Plan): string {
  const blocks = plan.subTopologies.map((sub, i) => {
    const nodes = describeNodes(sub.nodes).map((node) => `    ${nodeText(node)}\n`);
    return `Sub-topology: ${i}\n${nodes.join('')}\n`;
  });
  describeGlobal(plan).forEach(({ source, processor }, i) => {
    const id = plan.subTopologies.length + i;
    const nodes = `    ${nodeText(source)}\n    ${nodeText(processor)}\n`;
    blocks.push(`Sub-topology: ${id} for global store (will not generate tasks)\n${nodes}`);
  });
  return `Topologies:\n ${blocks.map((block) => `  ${block}`).join('')}`;
}

function nodeText(node: DescribedNode): string {
  const before = `\n      <-- ${names(node.predecessors)}`;
  const after = `\n      --> ${names(node.successors)}`;
  switch (node.kind) {
    case 'source':
      return `Source: ${node.name} (topics: [${node.topics.join(', ')}])${after}`;
    case 'processor':
      return `Processor: ${node.name} (stores: [${node.stores.join(', ')}])${after}${before}`;
    default: {
      const { node: sink } = node;
      const dynamic = sink.kind === 'sink' && sink.topic === undefined;
      const topic = dynamic ? `extractor class: ${chooser(sink.sink)}` : `topic: ${node.topics[0]}`;
      return `Sink: ${node.name} (${topic})${before}`;
    }
  }
}

function chooser(sink: { by: string } | object | undefined): string {
  return sink !== undefined && 'by' in sink ? sink.by : '';
}

function names(list: readonly string[]): string {
  return list.length === 0 ? 'none' : list.join(', ');
}
