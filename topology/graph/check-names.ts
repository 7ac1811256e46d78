import { namePattern, parkedSuffix } from '../core/names.ts';
import type { DefinitionPath } from '../core/problem.ts';
import type { StageDef } from '../definition/definition.ts';
import type { CheckContext } from './context.ts';
import { report } from './context.ts';
import type { Graph, GraphInput, GraphStage } from './graph.ts';
import { inputName, namedStores, nodeNames } from './derived-names.ts';
import { parksKeys } from './error-policies.ts';
import type { Partitioning } from './partitioning.ts';

/** Form of all declared names, and names that are declared twice. */
export function checkNames(context: CheckContext): void {
  const { definition } = context;
  if (!namePattern.test(definition.application)) {
    malformed(context, definition.application, ['application'], 'value');
  }
  for (const section of ['streams', 'tables', 'stores', 'calls', 'stages'] as const) {
    for (const name of Object.keys(definition[section])) {
      const path = [section, name];
      if (!namePattern.test(name)) malformed(context, name, path, 'key');
    }
  }
  for (const [stage, def] of Object.entries(definition.stages)) checkPortNames(context, stage, def);
  const owners = new Map<string, string>();
  for (const section of ['streams', 'tables', 'stages'] as const) {
    for (const name of Object.keys(definition[section])) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, section);
      else {
        const message = `"${name}" is declared under ${owner}, too: references could mean either`;
        report(context, 'E055', [section, name], message, {
          on: 'key',
          notes: [{ message: 'first declared here', path: [owner, name] }],
        });
      }
    }
  }
}

function checkPortNames(context: CheckContext, stage: string, def: StageDef): void {
  def.inputs.forEach((input, i) => {
    if (namePattern.test(input.name)) return;
    malformed(context, input.name, ['stages', stage, 'inputs', i], 'key');
  });
  (def.outputs ?? []).forEach((output, i) => {
    const name = typeof output === 'string' ? output : output.name;
    const path = ['stages', stage, 'outputs', i];
    if (!namePattern.test(name)) {
      malformed(context, name, path, typeof output === 'string' ? 'value' : 'key');
    }
    const first = (def.outputs ?? []).findIndex(
      (other) => (typeof other === 'string' ? other : other.name) === name,
    );
    if (first !== i) {
      report(context, 'E055', path, `stage "${stage}" has two outputs called "${name}"`);
    }
  });
}

/**
 * Names that are derived must not meet: stores (each names its changelog), repartition topics, and
 * what the plan calls its nodes.
 */
export function checkDerivedNames(
  context: CheckContext,
  graph: Graph,
  partitioning: Partitioning,
): void {
  const stores = new Map<string, DefinitionPath>();
  // Which sub-topologies there are, only the plan knows: none of their stores may be met.
  const parks = parksKeys(context.definition);
  for (const { name, path } of namedStores(graph)) {
    claim(context, stores, name, path, `store "${name}" is there already`);
    if (!parks || !name.endsWith(parkedSuffix)) continue;
    const message = `store "${name}" is called like those of "park-by-key", which end in "-parked"`;
    report(context, 'E055', path, message, { on: 'key' });
  }
  const nodes = new Map<string, DefinitionPath>();
  for (const source of graph.sources.values()) {
    nodes.set(source.name, [source.kind === 'stream' ? 'streams' : 'tables', source.name]);
  }
  for (const stage of graph.stages.values()) nodes.set(stage.name, ['stages', stage.name]);
  for (const stage of graph.stages.values()) {
    const path = ['stages', stage.name];
    for (const node of derivedNodes(stage, partitioning)) {
      claim(context, nodes, node, path, `the plan calls a node of "${stage.name}" "${node}"`);
    }
  }
}

function derivedNodes(stage: GraphStage, partitioning: Partitioning): readonly string[] {
  const nodes: string[] = [];
  const add = (input: GraphInput): void => {
    const name = inputName(stage.name, input.name);
    if (input.rekey !== undefined) nodes.push(nodeNames.rekey(stage.name, input.name));
    if (partitioning.boundary(stage, input) === undefined) return;
    if (input.from.length > 1) nodes.push(nodeNames.merge(stage.name, input.name));
    nodes.push(nodeNames.repartitionSink(name), nodeNames.repartitionSource(name));
  };
  stage.inputs.forEach(add);
  const { operator } = stage.def;
  if ('group' in operator && operator.group.by === 'expr') nodes.push(nodeNames.group(stage.name));
  for (const sink of new Set(stage.sinks.map(({ def }) => ('by' in def ? '' : def.stream)))) {
    nodes.push(sink === '' ? nodeNames.dynamicSink(stage.name) : nodeNames.sink(stage.name, sink));
  }
  return nodes;
}

function claim(
  context: CheckContext,
  taken: Map<string, DefinitionPath>,
  name: string,
  path: DefinitionPath,
  message: string,
): void {
  const owner = taken.get(name);
  if (owner === undefined) {
    taken.set(name, path);
    return;
  }
  report(context, 'E055', path, `${message}, and that name is taken`, {
    on: 'key',
    notes: [{ message: 'taken here', path: owner }],
  });
}

function malformed(
  context: CheckContext,
  name: string,
  path: DefinitionPath,
  on: 'key' | 'value',
): void {
  const plain = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[-0-9]+|-+$/g, '');
  report(context, 'E056', path, `"${name}" is no name: lower-case words joined by hyphens`, {
    on,
    ...(plain === '' ? {} : { suggestion: `write "${plain}"` }),
  });
}
