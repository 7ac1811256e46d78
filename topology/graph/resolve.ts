import type { DefinitionPath } from '../core/problem.ts';
import type { Ref } from '../definition/definition.ts';
import type { CheckContext } from './context.ts';
import { didYouMean, meant, report } from './context.ts';
import type { GraphRef } from './graph.ts';
import type { StagePorts } from './ports.ts';
import { portsOf } from './ports.ts';

/** Finds what references mean. */
export interface Names {
  readonly ports: ReadonlyMap<string, StagePorts>;
  /**
   * What a reference in `from`, `with` or `compensates` stands for; undefined after a finding. A
   * bare stage with several outputs is a finding.
   */
  resolve(ref: Ref, path: DefinitionPath): GraphRef | undefined;
}

/** The name space of streams, tables and stages of a definition. */
export function namesOf(context: CheckContext): Names {
  const { streams, tables, stages } = context.definition;
  const ports = new Map(Object.entries(stages).map(([name, def]) => [name, portsOf(def)]));
  const isSource = (name: string) => Object.hasOwn(streams, name) || Object.hasOwn(tables, name);
  const references = [...Object.keys(streams), ...Object.keys(tables), ...ports.keys()];

  function resolve(ref: Ref, path: DefinitionPath): GraphRef | undefined {
    const dot = ref.indexOf('.');
    const name = dot < 0 ? ref : ref.slice(0, dot);
    const output = dot < 0 ? undefined : ref.slice(dot + 1);
    const stage = ports.get(name);
    if (isSource(name)) {
      if (output === undefined) return { kind: 'source', name };
      const what = Object.hasOwn(streams, name) ? 'a stream' : 'a table';
      report(context, 'E051', path, `"${name}" is ${what} and has no outputs`, {
        suggestion: `write "${name}"`,
      });
      return undefined;
    }
    if (stage === undefined) {
      const message = `no stream, table or stage "${name}"`;
      report(context, 'E050', path, message, meant(context, name, references));
      return undefined;
    }
    return output === undefined ? bare(name, stage, path) : ofOutput(name, stage, output, path);
  }

  function bare(name: string, stage: StagePorts, path: DefinitionPath): GraphRef | undefined {
    if (stage.main !== undefined) return { kind: 'stage', name, port: stage.main };
    context.meant.add(name);
    if (stage.ports.length === 0) {
      report(context, 'E051', path, `stage "${name}" has no outputs`);
    } else {
      const message = `stage "${name}" has several outputs: say which`;
      const suggestion = `write ${stage.ports.map((port) => `"${name}.${port}"`).join(' or ')}`;
      report(context, 'E064', path, message, { suggestion });
    }
    return undefined;
  }

  function ofOutput(
    name: string,
    stage: StagePorts,
    output: string,
    path: DefinitionPath,
  ): GraphRef | undefined {
    const port = stage.aliases.get(output) ?? (stage.ports.includes(output) ? output : undefined);
    if (port !== undefined) return { kind: 'stage', name, port };
    context.meant.add(name);
    const known = [...stage.ports, ...stage.aliases.keys()];
    report(context, 'E051', path, `stage "${name}" has no output "${output}"`, {
      ...didYouMean(output, known),
      notes: [{ message: `"${name}" has ${listed(known)}`, path: ['stages', name] }],
    });
    return undefined;
  }

  return { ports, resolve };
}

/** `a, b and c`, or `no outputs`. */
function listed(names: readonly string[]): string {
  if (names.length === 0) return 'no outputs';
  if (names.length === 1) return names[0] as string;
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
