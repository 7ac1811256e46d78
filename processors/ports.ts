import { IllegalStateError } from '../topology/core/errors.ts';
import type { EdgeType, StageNode } from '../topology/plan/plan.ts';

/**
 * What flows into a stage with one kind of input: of its port `in`, or of its first port where it
 * is called otherwise.
 * @throws {IllegalStateError} PLAN_NO_INPUT if the plan gives it none
 */
export function inputType(node: StageNode): EdgeType {
  return portType(node, node.inputTypes, 'input');
}

/**
 * What flows out of a stage with one output: of its port `out`, or of its first port where it is
 * called otherwise.
 * @throws {IllegalStateError} PLAN_NO_OUTPUT if the plan gives it none
 */
export function outputType(node: StageNode): EdgeType {
  return portType(node, node.outputs, 'output');
}

/** Name of the output of a stage with one: `out` unless the plan calls it otherwise. */
export function outputName(node: StageNode): string {
  return 'out' in node.outputs ? 'out' : (Object.keys(node.outputs)[0] ?? 'out');
}

function portType(
  node: StageNode,
  ports: Readonly<Record<string, EdgeType>>,
  what: 'input' | 'output',
): EdgeType {
  const type = ports[what === 'input' ? 'in' : 'out'] ?? Object.values(ports)[0];
  if (type !== undefined) return type;
  throw new IllegalStateError(
    what === 'input' ? 'PLAN_NO_INPUT' : 'PLAN_NO_OUTPUT',
    `node "${node.name}" (${node.operator.kind}) has no ${what} in the plan`,
  );
}
