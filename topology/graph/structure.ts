import type { DefinitionPath } from '../core/problem.ts';
import type { CallOperatorDef, OutcomeDef } from '../definition/definition.ts';
import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import type { GraphRef } from './graph.ts';
import type { Names } from './resolve.ts';
import { compareText } from './sources.ts';

/** The references of one input, resolved; undefined where one means nothing. */
export interface InputRefs {
  readonly name: string;
  readonly from: readonly (GraphRef | undefined)[];
  readonly feedback: readonly boolean[];
}

export interface StageRefs {
  readonly inputs: readonly InputRefs[];
  readonly table?: GraphRef;
}

/** Who feeds whom, before anything is typed. */
export interface Structure {
  readonly refs: ReadonlyMap<string, StageRefs>;
  /** `stage.port` → stages that take it. */
  readonly takers: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Key of an output in {@link Structure.takers}. */
export function outputId(stage: string, port: string): string {
  return `${stage}.${port}`;
}

/**
 * Resolves all references and finds cycles. Edges from an outcome that compensates may close one:
 * they are marked as feedback. Any other cycle is a finding, one for each knot of stages. A loop
 * through a topic (a stage writes a stream that an earlier one reads) is no cycle: the author sees
 * the topic.
 */
export function resolveStructure(context: CheckContext, names: Names): Structure {
  const raw = new Map<string, StageRefs>();
  for (const [stage, def] of Object.entries(context.definition.stages)) {
    const inputs = def.inputs.map((input, i): InputRefs => {
      const from = input.from.map((ref, j) =>
        names.resolve(ref, ['stages', stage, 'inputs', i, 'from', j]),
      );
      return { name: input.name, from, feedback: from.map(() => false) };
    });
    const table =
      def.operator.kind === 'join'
        ? names.resolve(def.operator.with, ['stages', stage, 'operator', 'with'])
        : undefined;
    raw.set(stage, table === undefined ? { inputs } : { inputs, table });
  }
  const edges = stageEdges(context, raw);
  reportCycles(context, edges);
  const all = successors(edges);
  const refs = new Map<string, StageRefs>();
  for (const [stage, stageRefs] of raw) {
    const inputs = stageRefs.inputs.map((input) => ({
      ...input,
      feedback: input.from.map(
        (ref) => isCompensating(context, ref) && reachable(all, [stage]).has(ref.name),
      ),
    }));
    refs.set(stage, { ...stageRefs, inputs });
  }
  const takers = new Map<string, Set<string>>();
  for (const edge of edges) {
    const id = outputId(edge.from, edge.port);
    takers.set(id, (takers.get(id) ?? new Set()).add(edge.to));
  }
  return { refs, takers };
}

/** All nodes that can be reached from `starts`, these included. */
function reachable(
  successors: ReadonlyMap<string, ReadonlySet<string>>,
  starts: Iterable<string>,
): ReadonlySet<string> {
  const seen = new Set(starts);
  for (const node of seen) {
    for (const next of successors.get(node) ?? []) seen.add(next);
  }
  return seen;
}

/** Every outcome of a call with the key under which it stands; `unknown` last. */
export function outcomesOf(
  call: CallOperatorDef,
): readonly { readonly outcome: OutcomeDef; readonly path: DefinitionPath }[] {
  const declared = Object.entries(call.outcomes).map(([symbol, outcome]) => ({
    outcome,
    path: ['outcomes', symbol],
  }));
  return [...declared, { outcome: call.unknown, path: ['unknown'] }];
}

/**
 * Reports each `compensates` that names no output, or one whose stage the outcome never reaches.
 */
export function checkCompensation(context: CheckContext, names: Names, structure: Structure): void {
  const edges = new Map<string, Set<string>>();
  for (const [id, stages] of structure.takers) {
    const stage = id.slice(0, id.indexOf('.'));
    edges.set(stage, new Set([...(edges.get(stage) ?? []), ...stages]));
  }
  for (const [stage, def] of Object.entries(context.definition.stages)) {
    if (def.operator.kind !== 'call') continue;
    for (const { outcome, path } of outcomesOf(def.operator)) {
      if (outcome.compensates === undefined) continue;
      const at = ['stages', stage, 'operator', ...path, 'compensates'];
      const ref = names.resolve(outcome.compensates, at);
      if (ref === undefined) continue;
      if (ref.kind === 'source') {
        const message = `"${outcome.compensates}" is no output of a stage: nothing to compensate`;
        report(context, 'E068', at, message);
        continue;
      }
      const starts = structure.takers.get(outputId(stage, outcome.out)) ?? [];
      if (reachable(edges, starts).has(ref.name)) continue;
      const message =
        `stage "${ref.name}" takes nothing from "${stage}.${outcome.out}", so it cannot undo ` +
        `"${outcome.compensates}"`;
      report(context, 'E068', at, message, {
        suggestion: `give "${ref.name}" an input from "${stage}.${outcome.out}"`,
        notes: [{ message: `"${ref.name}" is declared here`, path: ['stages', ref.name] }],
      });
    }
  }
}

interface StageEdge {
  readonly from: string;
  readonly port: string;
  readonly to: string;
  readonly compensating: boolean;
}

function stageEdges(
  context: CheckContext,
  refs: ReadonlyMap<string, StageRefs>,
): readonly StageEdge[] {
  const edges: StageEdge[] = [];
  for (const [to, { inputs, table }] of refs) {
    for (const ref of [...inputs.flatMap((input) => input.from), table]) {
      if (ref?.kind !== 'stage') continue;
      const compensating = isCompensating(context, ref);
      edges.push({ from: ref.name, port: ref.port, to, compensating });
    }
  }
  return edges;
}

function isCompensating(context: CheckContext, ref: GraphRef | undefined): ref is GraphRef {
  if (ref?.kind !== 'stage') return false;
  const operator = context.definition.stages[ref.name]?.operator;
  return (
    operator?.kind === 'call' &&
    outcomesOf(operator).some(
      ({ outcome }) => outcome.out === ref.port && outcome.compensates !== undefined,
    )
  );
}

function successors(edges: readonly StageEdge[]): ReadonlyMap<string, ReadonlySet<string>> {
  const map = new Map<string, Set<string>>();
  for (const { from, to } of edges) map.set(from, (map.get(from) ?? new Set()).add(to));
  return map;
}

function reportCycles(context: CheckContext, edges: readonly StageEdge[]): void {
  const next = successors(edges.filter((edge) => !edge.compensating));
  const done = new Set<string>();
  for (const start of [...next.keys()].sort(compareText)) {
    if (done.has(start)) continue;
    const cycle = pathBack(next, start);
    if (cycle === undefined) continue;
    // One finding for each knot: stages that reach each other are in the same one.
    const knot = [...reachable(next, [start])].filter((node) => reachable(next, [node]).has(start));
    for (const stage of knot) done.add(stage);
    const text = [...cycle, start].map((stage) => `"${stage}"`).join(' → ');
    report(context, 'E067', ['stages', start], `records would go round for ever: ${text}`, {
      on: 'key',
      notes: [{ message: 'only an outcome of a call that says `compensates` may close a cycle' }],
    });
  }
}

/** Shortest way from `start` back to itself, `start` first. */
function pathBack(
  next: ReadonlyMap<string, ReadonlySet<string>>,
  start: string,
): readonly string[] | undefined {
  const paths: (readonly string[])[] = [[start]];
  const seen = new Set<string>();
  for (const path of paths) {
    for (const node of next.get(path.at(-1) as string) ?? []) {
      if (node === start) return path;
      if (seen.has(node)) continue;
      seen.add(node);
      paths.push([...path, node]);
    }
  }
  return undefined;
}
