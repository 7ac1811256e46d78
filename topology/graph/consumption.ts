import { nearestName } from '../core/problem.ts';
import type { StageDef } from '../definition/definition.ts';
import type { CheckContext } from './context.ts';
import { didYouMean, report } from './context.ts';
import type { GraphStage } from './graph.ts';
import type { Names } from './resolve.ts';
import { authoredName } from './ports.ts';
import type { Structure } from './structure.ts';
import { outputId } from './structure.ts';

/**
 * Every output is consumed, sent or dropped by name. A table that is kept in a store is read from
 * there, so it needs no consumer.
 */
export function checkConsumption(
  context: CheckContext,
  names: Names,
  structure: Structure,
  stages: ReadonlyMap<string, GraphStage>,
): void {
  for (const [stage, def] of Object.entries(context.definition.stages)) {
    const ports = names.ports.get(stage);
    if (ports === undefined) continue;
    ports.unknown.forEach((name) => {
      const at = (def.outputs ?? []).findIndex((output) => output === name);
      const message = `stage "${stage}" has no output "${name}"`;
      report(context, 'E051', ['stages', stage, 'outputs', Math.max(at, 0)], message, {
        ...didYouMean(name, ports.ports),
      });
    });
    const consumed = (port: string): boolean =>
      structure.takers.has(outputId(stage, port)) ||
      (port === ports.main && (def.to ?? []).length > 0);
    const dropped = new Set<string>();
    (def.drop ?? []).forEach((name, i) => {
      const path = ['stages', stage, 'drop', i];
      const port = ports.aliases.get(name) ?? name;
      if (!ports.ports.includes(port)) {
        const message = `stage "${stage}" has no output "${name}" to drop`;
        const names = ports.ports.map((each) => authoredName(ports, each));
        const near = nearestName(name, names);
        report(context, 'E066', path, message, didYouMean(name, names));
        // The output that was meant is dropped, then.
        if (near !== undefined) dropped.add(ports.aliases.get(near) ?? near);
      } else if (consumed(port)) {
        const takers = [...(structure.takers.get(outputId(stage, port)) ?? [])];
        const by = takers.length === 0 ? 'is sent by "to"' : `is taken by "${takers[0]}"`;
        report(context, 'E066', path, `output "${name}" is dropped, but ${by}`);
      }
      dropped.add(port);
    });
    for (const port of ports.ports) {
      if (context.meant.has(stage)) break;
      if (consumed(port) || dropped.has(port) || isKept(def, stages.get(stage))) continue;
      const name = authoredName(ports, port);
      const what =
        name === 'out' ? `what stage "${stage}" makes` : `output "${name}" of stage "${stage}"`;
      report(context, 'E065', ['stages', stage], `${what} goes nowhere`, {
        on: 'key',
        suggestion: `consume it, send it with \`to:\`, or write \`drop: [${name}]\``,
      });
    }
  }
}

/** Reports declarations that nothing refers to. */
export function checkUnused(context: CheckContext, stages: ReadonlyMap<string, GraphStage>): void {
  const { streams, tables, stores, calls } = context.definition;
  const used = new Set<string>();
  const usedStores = new Set<string>();
  const usedCalls = new Set<string>();
  for (const stage of stages.values()) {
    const refs = [...stage.inputs.flatMap((input) => input.from), stage.table];
    for (const ref of refs) {
      if (ref?.kind === 'source') used.add(ref.name);
    }
    for (const sink of stage.sinks) sink.streams.forEach((name) => used.add(name));
    const operator = stage.def.operator;
    if (operator.kind === 'process') operator.stores?.forEach((name) => usedStores.add(name));
    if (operator.kind === 'call') usedCalls.add(operator.call);
  }
  const unused = (section: string, names: readonly string[], uses: ReadonlySet<string>): void => {
    for (const name of names) {
      if (uses.has(name) || context.meant.has(name)) continue;
      const what = section.slice(0, -1);
      report(context, 'W052', [section, name], `${what} "${name}" is never used`, { on: 'key' });
    }
  };
  unused('streams', Object.keys(streams), used);
  // A table with a store of its own is there to be queried.
  const quiet = Object.keys(tables).filter((name) => {
    const store = tables[name]?.store;
    return store === undefined && !usedStores.has(name);
  });
  unused('tables', quiet, used);
  unused('stores', Object.keys(stores), usedStores);
  unused('calls', Object.keys(calls), usedCalls);
}

function isKept(def: StageDef, stage: GraphStage | undefined): boolean {
  switch (def.operator.kind) {
    case 'count':
    case 'reduce':
    case 'aggregate':
      return true;
    case 'to-table':
      return def.operator.store !== undefined;
    case 'filter':
    case 'filter-not':
    case 'map-values':
      return def.operator.store !== undefined && stage?.outputs['out']?.kind === 'table';
    default:
      return false;
  }
}
