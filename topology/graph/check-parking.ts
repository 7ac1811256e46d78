import type { DefinitionPath } from '../core/problem.ts';
import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import { defaultPolicy, parkingOfPolicy } from './error-policies.ts';
import type { Graph, GraphRef, GraphStage } from './graph.ts';
import type { Partitioning } from './partitioning.ts';

/** Where the records of a task come from, as far as parking goes: only those of topics are held. */
type Origin = 'topic' | 'table' | 'call';

/**
 * Reports `park-by-key` under which nothing is held: of a stage whose records are all rows of
 * tables, which say what is, or replies of calls; and the default of an application that takes
 * nothing else.
 */
export function checkParking(
  context: CheckContext,
  graph: Graph,
  partitioning: Partitioning,
): void {
  const stages = [...graph.stages.values()];
  const check = (name: string, readers: readonly GraphStage[], path: DefinitionPath): void => {
    const origins = originsOf(graph, partitioning, readers);
    if (origins.size === 0 || origins.has('topic')) return;
    const from = [...origins].sort().map((origin) => `${origin}s`);
    const message =
      `nothing is held in "${name}": its records come from ${from.join(' and ')}, ` +
      'and only those of streams and repartition topics park their key';
    report(context, 'E078', [...path, 'parkByKey'], message, {
      on: 'key',
      suggestion: 'leave "park-by-key" out',
    });
  };
  if (parkingOfPolicy(defaultPolicy(graph.definition)) !== undefined) {
    check(graph.definition.application, stages, ['errors', 'default']);
  }
  for (const stage of stages) {
    const { errors } = stage.def;
    if (errors === undefined || parkingOfPolicy(errors) === undefined) continue;
    check(stage.name, [stage], ['stages', stage.name, 'errors']);
  }
}

/** Where records come from that reach one of these stages in its task. */
function originsOf(
  graph: Graph,
  partitioning: Partitioning,
  readers: readonly GraphStage[],
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
  readers.forEach(above);
  return origins;
}
