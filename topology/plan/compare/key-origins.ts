import type { NodeOutput, PlanNode, StageNode } from '../plan.ts';

/**
 * How the keys of records were made that reach a port of a stage: for each way to it the nearest
 * node that makes a key anew, as its expression or function, and `the key of the topic` where none
 * does. Repartition topics are looked through: a state is right as long as these do not change.
 */
export function keyOrigins(
  nodes: readonly PlanNode[],
): (stage: StageNode) => Readonly<Record<string, readonly string[]>> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const writers = new Map<string, NodeOutput[]>();
  for (const node of nodes) {
    if (node.kind !== 'sink' || !node.internal || node.topic === undefined) continue;
    writers.set(node.topic, [...(writers.get(node.topic) ?? []), node.input]);
  }
  const collect = (feed: NodeOutput, found: Set<string>, seen: Set<string>): void => {
    const at = `${feed.node}.${feed.output}`;
    const node = byName.get(feed.node);
    if (seen.has(at) || node === undefined) return;
    seen.add(at);
    if (node.kind === 'source') {
      const before = node.topics.flatMap((topic) => writers.get(topic) ?? []);
      if (!node.internal) found.add(ofTopic);
      for (const next of before) collect(next, found, seen);
    } else if (node.kind === 'stage') {
      const made = keyMadeBy(node, feed.output);
      if (made !== undefined) found.add(made);
      else for (const next of node.inputs['in'] ?? []) collect(next, found, seen);
    }
  };
  return (stage) => {
    const ports = Object.entries(stage.inputs).map(([port, feeds]) => {
      const found = new Set<string>();
      const seen = new Set<string>();
      for (const feed of feeds) collect(feed, found, seen);
      return [port, [...found].sort()] as const;
    });
    return Object.fromEntries([...ports, ...ownKey(stage)]);
  };
}

const ofTopic = 'the key of the topic';

/** Expression or function that gives the records of an output their key; undefined: it stays. */
function keyMadeBy(node: StageNode, output: string): string | undefined {
  const { operator } = node;
  switch (operator.kind) {
    case 'rekey':
    case 'regroup':
      return operator.by;
    case 'map':
      if (operator.use !== undefined) return `${operator.use}()`;
      if (operator.key === undefined) return undefined;
      return 'expr' in operator.key ? operator.key.expr : `${operator.key.use}()`;
    case 'flat-map':
      return `${operator.use}()`;
    case 'to-stream':
      return operator.key;
    case 'process':
      return `${operator.use}().${output}`;
    default:
      return undefined;
  }
}

/** A `dedupe` keeps its rows by an expression of its own, and compares by another. */
function ownKey({ operator }: StageNode): [string, readonly string[]][] {
  if (operator.kind !== 'dedupe') return [];
  return [['dedupe', [operator.by, ...(operator.compare === undefined ? [] : [operator.compare])]]];
}
