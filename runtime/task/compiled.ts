import type { Stage } from '../../processors/stage.ts';
import type {
  Parking,
  PlanNode,
  SinkNode,
  SourceNode,
  StageNode,
  StorePlan,
} from '../../topology/plan/plan.ts';
import type { DecodeRecord } from './partition-queue.ts';
import type { SinkWriter } from './sink-writer.ts';

/** A sub-topology with everything compiled that does not depend on the partition: shared by all its tasks. */
export interface CompiledSubTopology {
  readonly id: string;
  readonly partitions: number;
  /** In topological order. */
  readonly nodes: readonly CompiledNode[];
  readonly sources: readonly CompiledSource[];
  readonly punctuations: readonly CompiledPunctuation[];
  /** Names of call stages, in order of `nodes`. */
  readonly calls: readonly StageNode[];
  /** Stores that its tasks own (no global ones). */
  readonly stores: readonly StorePlan[];
  /** Undefined: no record of its tasks waits behind another one. */
  readonly parking: Parking | undefined;
  /** A stage of it reads a global table. */
  readonly readsGlobals: boolean;
  /** Topic → call stages that can be reached from it: their back-pressure pauses it. */
  readonly callsBelow: ReadonlyMap<string, readonly string[]>;
}

export type CompiledNode =
  | CompiledSource
  | { readonly kind: 'stage'; readonly node: StageNode; readonly stage: Stage }
  | { readonly kind: 'sink'; readonly node: SinkNode; readonly writer: SinkWriter };

export interface CompiledSource {
  readonly kind: 'source';
  readonly node: SourceNode;
  readonly decode: DecodeRecord;
  /** Keeps the table's store, where the source is a materialised table. */
  readonly stage: Stage | undefined;
}

export interface CompiledPunctuation {
  readonly stage: string;
  readonly name: string;
  readonly everyMs: number;
  readonly by: 'stream-time' | 'wall-clock';
}

/** Key of a node's output, or of a stage's punctuation. */
export function outputId(node: string, output: string): string {
  return `${node} ${output}`;
}

/** Topic → names of the call stages downstream of it inside the sub-topology. */
export function callsBelowTopics(
  nodes: readonly PlanNode[],
): ReadonlyMap<string, readonly string[]> {
  const below = new Map<string, Set<string>>();
  for (const node of nodes.toReversed()) {
    const reached = below.get(node.name) ?? new Set<string>();
    if (node.kind === 'stage' && node.operator.kind === 'call') reached.add(node.name);
    const parents =
      node.kind === 'stage'
        ? Object.values(node.inputs).flatMap((feeds) => feeds.map((feed) => feed.node))
        : node.kind === 'sink'
          ? [node.input.node]
          : [];
    for (const parent of parents) {
      const set = below.get(parent) ?? new Set<string>();
      for (const call of reached) set.add(call);
      below.set(parent, set);
    }
    below.set(node.name, reached);
  }
  const topics = new Map<string, readonly string[]>();
  for (const node of nodes) {
    if (node.kind !== 'source') continue;
    for (const topic of node.topics) {
      topics.set(topic, [
        ...new Set([...(topics.get(topic) ?? []), ...(below.get(node.name) ?? [])]),
      ]);
    }
  }
  return topics;
}
