import type { SchemaCatalog } from '../core/avro.ts';
import type { Problem } from '../core/problem.ts';
import type { Definition } from '../definition/definition.ts';
import { checkDerivedNames, checkNames } from './check-names.ts';
import { checkParking } from './check-parking.ts';
import { checkWriters } from './check-stores.ts';
import { checkTopics } from './check-topics.ts';
import { warnChangedKeys, warnFloatingMoney } from './check-warnings.ts';
import { checkCoPartitioning } from './co-partitioning.ts';
import { checkConsumption, checkUnused } from './consumption.ts';
import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import { deriveStages, isWhole } from './derive.ts';
import type { Graph } from './graph.ts';
import { typeCalls } from './operator-call.ts';
import { partitioningOf } from './partitioning.ts';
import { namesOf } from './resolve.ts';
import { typeSources, typeStores } from './sources.ts';
import { checkCompensation, resolveStructure } from './structure.ts';

/** A checked definition: its graph, unless a problem is an error, and all problems. */
export interface CheckResult {
  readonly graph?: Graph;
  readonly problems: readonly Problem[];
}

/**
 * Checks a definition against the Avro types that it names: every name, type, expression and edge
 * (language.md, "check"). Pure: reads no file and starts no stage. All problems are found at once;
 * none that only follows from another. Warnings do not keep the graph back.
 */
export function check(definition: Definition, catalog: SchemaCatalog): CheckResult {
  const problems: Problem[] = [];
  const context: CheckContext = { definition, catalog, problems, meant: new Set() };
  checkNames(context);
  const sources = typeSources(context);
  const stores = typeStores(context);
  const calls = typeCalls(context);
  const names = namesOf(context);
  const structure = resolveStructure(context, names);
  const stages = deriveStages(context, names, structure, { sources, stores, calls });
  const graph: Graph = { definition, sources, stages, stores, calls };
  const partitioning = partitioningOf(graph);
  checkCompensation(context, names, structure);
  checkConsumption(context, names, structure, stages);
  checkWriters(context, stages);
  checkTopics(context, graph);
  checkDerivedNames(context, graph, partitioning);
  checkCoPartitioning(context, graph, partitioning);
  checkUnused(context, stages);
  warnChangedKeys(context, graph, partitioning);
  warnFloatingMoney(context, sources);
  if (!hasErrors(problems)) {
    checkParking(context, graph, partitioning);
    reportUntyped(context, graph);
  }
  return hasErrors(problems) ? { problems } : { graph, problems };
}

function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}

/**
 * A knot of feedback edges that nothing flows into has no type: nothing was wrong with any part,
 * but all of it is.
 */
function reportUntyped(context: CheckContext, graph: Graph): void {
  for (const stage of graph.stages.values()) {
    const types = [...stage.inputs.map((input) => input.type), ...Object.values(stage.outputs)];
    if (types.every(isWhole)) continue;
    const message = `nothing flows into stage "${stage.name}" but what comes out of it`;
    report(context, 'E067', ['stages', stage.name], message, { on: 'key' });
    return;
  }
}
