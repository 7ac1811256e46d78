import type { OutputDef, StageDef } from '../definition/definition.ts';

/** The outputs of a stage by name, before anything is typed. */
export interface StagePorts {
  readonly ports: readonly string[];
  /** What a bare reference to the stage and its `to` mean. */
  readonly main?: string;
  /**
   * Author's name → port, where `out: [name]` renames the output of an operator that has one of
   * its own. That of `dedupe` is called `first` without saying so.
   */
  readonly aliases: ReadonlyMap<string, string>;
  /** Names in `out:` that the operator does not have. */
  readonly unknown: readonly string[];
}

/**
 * Output ports of a stage: `out` for operators with an output of their own; split, call and process
 * name theirs.
 */
export function portsOf(stage: StageDef): StagePorts {
  const ports = operatorPorts(stage);
  const aliases = new Map<string, string>();
  const unknown: string[] = [];
  for (const name of listedNames(stage)) {
    if (ports.includes(name)) continue;
    if (ports.includes('out') && aliases.size === 0) aliases.set(name, 'out');
    else unknown.push(name);
  }
  if (stage.operator.kind === 'dedupe' && aliases.size === 0 && !ports.includes('first')) {
    aliases.set('first', 'out');
  }
  const main = ports.includes('out') ? 'out' : ports.length === 1 ? ports[0] : undefined;
  return { ports, ...(main === undefined ? {} : { main }), aliases, unknown };
}

/** Outputs that a process stage declares with types; undefined where it only lists names. */
export function declaredOutputs(stage: StageDef): readonly OutputDef[] | undefined {
  const outputs = stage.outputs ?? [];
  return outputs.every((output) => typeof output !== 'string') ? outputs : undefined;
}

/** The name that the author gave to a port. */
export function authoredName(ports: StagePorts, port: string): string {
  return [...ports.aliases].find(([, own]) => own === port)?.[0] ?? port;
}

function listedNames(stage: StageDef): readonly string[] {
  if (stage.operator.kind === 'process') return [];
  return (stage.outputs ?? []).map((output) => (typeof output === 'string' ? output : output.name));
}

function operatorPorts(stage: StageDef): readonly string[] {
  const operator = stage.operator;
  switch (operator.kind) {
    case 'split': {
      const rest = operator.rest === null ? [] : [operator.rest];
      return unique([...operator.branches.map((branch) => branch.name), ...rest]);
    }
    case 'call':
      return unique(
        [...Object.values(operator.outcomes), operator.unknown].map((outcome) => outcome.out),
      );
    case 'process':
      return unique(
        (stage.outputs ?? []).map((output) => (typeof output === 'string' ? output : output.name)),
      );
    case 'dedupe': {
      const { conflict } = operator;
      return typeof conflict === 'object' ? unique(['out', conflict.out]) : ['out'];
    }
    default:
      return ['out'];
  }
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
