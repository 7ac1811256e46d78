import { namePattern } from '../core/names.ts';
import { isPoisonEdge } from './avro-types.ts';
import type { CheckContext } from './context.ts';
import { checkUse, meant, report } from './context.ts';
import type {
  OperatorDeclarations,
  OperatorOf,
  OperatorSite,
  OperatorTypes,
} from './operator-site.ts';

/**
 * Types of a process stage: declared by the author. Checks its function, inputs, stores and
 * punctuations.
 */
export function typeProcess(
  context: CheckContext,
  declared: OperatorDeclarations,
  site: OperatorSite,
  operator: OperatorOf<'process'>,
): OperatorTypes {
  checkUse(context, operator.use, [...site.path, 'use']);
  checkInputs(context, site);
  checkStores(context, declared, site, operator);
  const inputs = new Set(site.inputs.map((input) => input.name));
  for (const name of Object.keys(operator.punctuate ?? {})) {
    const path = [...site.path, 'punctuate', name];
    if (inputs.has(name)) {
      const message = `"${name}" is an input of the stage already: call the tick something else`;
      report(context, 'E055', path, message, { on: 'key' });
    } else if (!namePattern.test(name)) {
      report(context, 'E056', path, `"${name}" is no name: write it like "every-hour"`, {
        on: 'key',
      });
    }
  }
  return { outputs: site.declared ?? {} };
}

function checkInputs(context: CheckContext, site: OperatorSite): void {
  const path = ['stages', site.stage, 'inputs'];
  if (site.inputs.length === 0) {
    report(context, 'E079', path, 'process needs an input', {
      suggestion: 'write `from:` or `in:`',
    });
  }
  const seen = new Set<string>();
  site.inputs.forEach((input, i) => {
    if (seen.has(input.name)) {
      report(context, 'E055', [...path, i], `two inputs are called "${input.name}"`);
    }
    seen.add(input.name);
    if (isPoisonEdge(input.type) || input.type.kind === 'stream') return;
    const from = site.def.inputs[i]?.from[0] ?? input.name;
    report(
      context,
      'E058',
      [...path, i, 'from', 0],
      `process takes streams, but "${from}" is a table`,
      {
        suggestion:
          'put a "to-stream" stage between, or name the table under `stores:` to look rows up',
      },
    );
  });
}

function checkStores(
  context: CheckContext,
  declared: OperatorDeclarations,
  site: OperatorSite,
  operator: OperatorOf<'process'>,
): void {
  const tables = [...tableStores(context, declared)];
  const known = [...declared.stores.keys(), ...tables];
  (operator.stores ?? []).forEach((store, i) => {
    if (known.includes(store)) return;
    const path = [...site.path, 'stores', i];
    report(context, 'E053', path, `no store "${store}"`, {
      ...meant(context, store, known),
      notes: [{ message: 'stores are declared under `stores:`; those of tables can be read' }],
    });
  });
}

/**
 * Stores of tables that a process stage may look rows up in: those of declared tables, and of
 * stages that name theirs.
 */
function* tableStores(context: CheckContext, declared: OperatorDeclarations): Iterable<string> {
  for (const source of declared.sources.values()) {
    if (source.store !== undefined) yield source.store;
  }
  for (const [name, { operator }] of Object.entries(context.definition.stages)) {
    switch (operator.kind) {
      case 'count':
      case 'reduce':
      case 'aggregate':
      case 'to-table':
        yield operator.store ?? name;
        break;
      case 'filter':
      case 'filter-not':
      case 'map-values':
        if (operator.store !== undefined) yield operator.store;
    }
  }
}
