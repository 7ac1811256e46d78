import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import { parkingOfPolicy } from './error-policies.ts';
import type { Graph, GraphRef, GraphStage } from './graph.ts';
import type { Partitioning } from './partitioning.ts';

/** Where the records of a task come from, as far as parking goes: only those of topics are held. */
type Origin = 'topic' | 'table' | 'call';

/**
 * Reports `park-by-key` of a stage that no record parks in: all come from tables, whose rows say
 * what is, or are replies of calls.
 */
export function checkParking(
  context: CheckContext,
  graph: Graph,
  partitioning: Partitioning,
): void {
  for (const stage of graph.stages.values()) {
    const { errors } = stage.def;
    if (errors === undefined || parkingOfPolicy(errors) === undefined) continue;
    const origins = originsOf(graph, partitioning, stage);
    if (origins.size === 0 || origins.has('topic')) continue;
    const from = [...origins].sort().map((origin) => `${origin}s`);
    const path = ['stages', stage.name, 'errors', 'parkByKey'];
    const message =
      `nothing is held in "${stage.name}": its records come from ${from.join(' and ')}, ` +
      'and only those of streams and repartition topics park their key';
    report(context, 'E078', path, message, { on: 'key', suggestion: 'leave "park-by-key" out' });
  }
}

function originsOf(
  graph: Graph,
  partitioning: Partitioning,
  last: GraphStage,
): ReadonlySet<Origin> {
  const origins = new Set<Origin>();
  const seen = new Set<string>();
  const follow = (ref: GraphRef): void => {
    if (ref.kind === 'source') {
      origins.add(graph.sources.get(ref.name)?.kind === 'stream' ? 'topic' : 'table');
      return;
    }
    const stage = graph.stages.get(ref.name);
    if (stage?.def.operator.kind === 'call') origins.add('call');
    else if (stage !== undefined) above(stage);
  };
  const above = (stage: GraphStage): void => {
    if (seen.has(stage.name)) return;
    seen.add(stage.name);
    for (const input of stage.inputs) {
      if (partitioning.boundary(stage, input) !== undefined) origins.add('topic');
      else input.from.forEach(follow);
    }
    if (stage.table !== undefined) follow(stage.table);
  };
  above(last);
  return origins;
}
