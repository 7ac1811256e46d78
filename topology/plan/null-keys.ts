import type { Graph, GraphStage } from '../graph/graph.ts';

/**
 * Whether records with a null key go through the repartition topic in front of a stage. As in Kafka
 * Streams (KIP-962) they do if a left join lies downstream, which emits them without a match, at
 * any distance; else they are dropped and counted at the topic. Stages that Kafka Streams has not
 * (`dedupe`, `call`, `process` with co-located input) have no use for them.
 */
export function keepsNullKeys(graph: Graph, stage: GraphStage): boolean {
  const { kind } = stage.def.operator;
  if (kind === 'dedupe' || kind === 'call' || kind === 'process') return false;
  const seen = new Set<GraphStage>([stage]);
  for (const current of seen) {
    const { operator } = current.def;
    if (operator.kind === 'join' && operator.type === 'left') return true;
    for (const next of graph.stages.values()) {
      const refs = next.inputs.flatMap((input) => input.from);
      if (refs.some((ref) => ref.kind === 'stage' && ref.name === current.name)) seen.add(next);
    }
  }
  return false;
}
