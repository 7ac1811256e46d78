import { IllegalStateError } from '../topology/core/errors.ts';
import type { StageNode } from '../topology/plan/plan.ts';
import { type Aggregator, compileAggregator } from './aggregator.ts';
import type { StageEnvironment } from './environment.ts';
import { compileCall } from './operators/call.ts';
import { compileDedupe } from './operators/dedupe.ts';
import { compileFilter } from './operators/filter.ts';
import { compileFlatMap, compileFlatMapValues } from './operators/flat-map.ts';
import { compileMap, compileMapValues, compileRekey } from './operators/map.ts';
import { compilePass } from './operators/pass.ts';
import { compilePeek } from './operators/peek.ts';
import { compileProcess } from './operators/process-stage.ts';
import { compileRegroup } from './operators/regroup.ts';
import { compileSplit } from './operators/split.ts';
import { streamAggregate } from './operators/stream-aggregate.ts';
import { tableAggregate } from './operators/table-aggregate.ts';
import { compileTableDerive } from './operators/table-derive.ts';
import { compileTableJoin } from './operators/table-join.ts';
import { compileToTable } from './operators/table-source.ts';
import { compileToStream } from './operators/to-stream.ts';
import { inputType } from './ports.ts';
import type { Stage } from './stage.ts';

/**
 * Compiles a node of the plan into the stage that runs it. Once per plan and task, not per batch.
 * @throws {ConfigError} PROCESSOR_MISSING, PROCESSOR_NOT_A_FUNCTION
 * @throws {IllegalStateError} PLAN_… if the plan contradicts itself
 */
export function compileStage(node: StageNode, environment: StageEnvironment): Stage {
  const { operator } = node;
  switch (operator.kind) {
    case 'pass':
    case 'repartition':
      return compilePass();
    case 'filter':
    case 'filter-not':
      return overTable(node)
        ? compileTableDerive(node, environment)
        : compileFilter(node, operator, environment);
    case 'map-values':
      return overTable(node)
        ? compileTableDerive(node, environment)
        : compileMapValues(node, operator, environment);
    case 'map':
      return compileMap(node, operator, environment);
    case 'rekey':
      return compileRekey(node, operator, environment);
    case 'flat-map':
      return compileFlatMap(operator, environment);
    case 'flat-map-values':
      return compileFlatMapValues(node, operator, environment);
    case 'peek':
      return compilePeek(operator, environment);
    case 'split':
      return compileSplit(node, operator, environment);
    case 'dedupe':
      return compileDedupe(node, operator, environment);
    case 'process':
      return compileProcess(node, operator, environment);
    case 'call':
      return compileCall(node, operator, environment);
    case 'count':
    case 'reduce':
    case 'aggregate': {
      const aggregator = compileAggregator(node, operator, environment);
      return takesChanges(node, environment)
        ? tableAggregate(storeOf(node), withSubtractor(node, aggregator), node.sendOld)
        : streamAggregate(storeOf(node), aggregator, node.sendOld);
    }
    case 'join':
      return compileTableJoin(node, operator, environment);
    case 'to-table':
      return compileToTable(node);
    case 'to-stream':
      return compileToStream(node, operator, environment);
    case 'regroup':
      return compileRegroup(node, operator, environment);
    default:
      return unknownOperator(node, operator);
  }
}

function unknownOperator(node: StageNode, operator: never): never {
  throw new IllegalStateError(
    'PLAN_OPERATOR',
    `node "${node.name}" has an operator that is not known: ${JSON.stringify(operator)}`,
  );
}

function overTable(node: StageNode): boolean {
  return inputType(node).kind === 'table';
}

/** True where what comes are changes of a re-grouped table, with something to take back. */
function takesChanges(node: StageNode, environment: StageEnvironment): boolean {
  if (overTable(node)) return true;
  const feeds = Object.values(node.inputs).flat();
  return feeds.some((feed) => {
    const feeder = environment.node(feed.node);
    if (feeder === undefined || feeder.kind === 'sink') return false;
    if (feeder.kind === 'source') return feeder.changes || feeder.type.kind === 'table';
    return feeder.operator.kind === 'regroup' || feeder.outputs[feed.output]?.kind === 'table';
  });
}

function withSubtractor(node: StageNode, aggregator: Aggregator): Aggregator {
  if (aggregator.subtract !== undefined) return aggregator;
  throw new IllegalStateError(
    'PLAN_NO_SUBTRACTOR',
    `stage "${node.name}" aggregates a table and has no subtract in the plan`,
  );
}

function storeOf(node: StageNode): string {
  if (node.store !== undefined) return node.store;
  throw new IllegalStateError('PLAN_NO_STORE', `node "${node.name}" has no store in the plan`);
}
