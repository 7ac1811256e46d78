import { ProcessingError, isStreamsError } from '../core/errors.ts';
import { helpers } from './helpers.ts';
import type { HelperName } from './helpers.ts';
import type { Bindings } from './expression.ts';
import type { Ir, LoopIr } from './ir.ts';

/*
 * Turns checked expressions into JavaScript functions. Only names made here, numbers, and
 * identifiers of Avro fields (which are checked once more) become source text; all other constants
 * are passed in as values, so no text of an author is ever executed. Macros become functions of
 * their own, with the variables in scope as parameters: nothing allocates a closure per record.
 */

const identifier = /^[A-Za-z_]\w*$/;

interface Module {
  readonly constants: unknown[];
  readonly helpers: Set<HelperName>;
  readonly functions: string[];
}

/** Signs that have a result where an operand is null. */
const comparesNull: ReadonlySet<string> = new Set(['===', '!==', '==', '!=']);

/** Helpers that have a result where an argument is null. */
const takesNull: ReadonlySet<string> = new Set(['contains', 'containsEqual', 'equal']);

/** Slots of the macro variables in scope, in order. */
type Slots = readonly number[];

/** A function that evaluates one expression; `text` is its source, for messages. */
export function emit(ir: Ir, text: string): (bindings: Bindings) => unknown {
  const module = newModule();
  return link(module, expression(ir, module, []), text);
}

/**
 * A function that builds an object with one value per name, in this order: every result has the
 * same hidden class. `text` is for messages.
 */
export function emitObject(
  fields: readonly (readonly [name: string, value: Ir])[],
  text: string,
): (bindings: Bindings) => unknown {
  const module = newModule();
  const parts = fields.map(
    ([name, value]) => `${objectKey(name, module)}: ${expression(value, module, [])}`,
  );
  return link(module, `({ ${parts.join(', ')} })`, text);
}

function newModule(): Module {
  return { constants: [], helpers: new Set(), functions: [] };
}

function link(module: Module, result: string, text: string): (bindings: Bindings) => unknown {
  const failure = (error: unknown): unknown => explain(error, text);
  const constants = module.constants.map((_, i) => `const k${i} = constants[${i}];`);
  const names = [...module.helpers].join(', ');
  const source = [
    '"use strict";',
    ...constants,
    `const { ${names} } = helpers;`,
    ...module.functions,
    `return function run(b) { try { return ${result}; } catch (error) { throw failure(error); } };`,
  ].join('\n');
  // oxlint-disable-next-line no-new-func, no-implied-eval -- the fixed vocabulary above
  const factory = new Function('constants', 'helpers', 'failure', source) as (
    constants: readonly unknown[],
    table: typeof helpers,
    failure: (error: unknown) => unknown,
  ) => (bindings: Bindings) => unknown;
  return factory(module.constants, helpers, failure);
}

/**
 * Checked expressions meet null only where a record has a null key or value, which no type tells.
 */
function explain(error: unknown, text: string): unknown {
  if (isStreamsError(error)) return error;
  return new ProcessingError('EXPRESSION_NULL', `${text} needs a value where the record has null`, {
    cause: error,
  });
}

function constant(value: unknown, module: Module): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isFinite(value)) {
    return Object.is(value, -0) ? '(-0)' : value < 0 ? `(${value})` : String(value);
  }
  const known = module.constants.indexOf(value);
  return `k${known === -1 ? module.constants.push(value) - 1 : known}`;
}

function objectKey(name: string, module: Module): string {
  return identifier.test(name) && name !== '__proto__' ? name : `[${constant(name, module)}]`;
}

function expression(ir: Ir, module: Module, slots: Slots): string {
  const sub = (part: Ir): string => expression(part, module, slots);
  // A record's own key or value may be null whatever its type: JavaScript would compute with it.
  const operand = (part: Ir): string => {
    if (part.op !== 'variable') return sub(part);
    module.helpers.add('present');
    return `present(${sub(part)})`;
  };
  switch (ir.op) {
    case 'const':
      return constant(ir.value, module);
    case 'variable':
      return `b.${ir.name}`;
    case 'local':
      return `v${ir.slot}`;
    case 'metadata':
      return `b.record.${ir.name}`;
    case 'headers':
      return 'b.record.headers';
    case 'field':
      return identifier.test(ir.name)
        ? `${sub(ir.of)}.${ir.name}`
        : `${sub(ir.of)}[${constant(ir.name, module)}]`;
    case 'infix':
      return comparesNull.has(ir.sign)
        ? `(${sub(ir.left)} ${ir.sign} ${sub(ir.right)})`
        : `(${operand(ir.left)} ${ir.sign} ${operand(ir.right)})`;
    case 'not':
      return `(!${operand(ir.of)})`;
    case 'minus':
      return `(-${operand(ir.of)})`;
    case 'if':
      return `(${operand(ir.test)} ? ${sub(ir.yes)} : ${sub(ir.no)})`;
    case 'list':
      return `[${ir.items.map(sub).join(', ')}]`;
    case 'object':
      return `({ ${ir.entries.map(([key, value]) => `[${sub(key)}]: ${sub(value)}`).join(', ')} })`;
    case 'call':
      module.helpers.add(ir.helper);
      return `${ir.helper}(${ir.args.map(takesNull.has(ir.helper) ? sub : operand).join(', ')})`;
    case 'bind': {
      const name = define(
        module,
        [...slots, ir.slot],
        `return ${expression(ir.body, module, [...slots, ir.slot])};`,
      );
      return `${name}(${['b', ...slots.map((slot) => `v${slot}`), sub(ir.of)].join(', ')})`;
    }
  }
  const name = loop(ir, module, slots);
  return `${name}(${['b', ...slots.map((slot) => `v${slot}`), sub(ir.over)].join(', ')})`;
}

function define(module: Module, slots: Slots, body: string, last?: string): string {
  const parameters = [
    'b',
    ...slots.map((slot) => `v${slot}`),
    ...(last === undefined ? [] : [last]),
  ];
  const name = `f${module.functions.length}`;
  module.functions.push(`function ${name}(${parameters.join(', ')}) { ${body} }`);
  return name;
}

function loop(ir: LoopIr, module: Module, slots: Slots): string {
  const inner = [...slots, ir.slot];
  const body = expression(ir.body, module, inner);
  const only = ir.where === undefined ? '' : `if (${expression(ir.where, module, inner)}) `;
  const each = `for (let $i = 0; $i < $list.length; $i++) { const v${ir.slot} = $list[$i]; `;
  const statements: Record<LoopIr['macro'], string> = {
    all: `${each} if (!${body}) return false; } return true;`,
    exists: `${each} if (${body}) return true; } return false;`,
    exists_one: `let $count = 0; ${each} if (${body}) $count++; } return $count === 1;`,
    filter: `const $out = []; ${each} if (${body}) $out.push(v${ir.slot}); } return $out;`,
    map: `const $out = []; ${each} ${only}$out.push(${body}); } return $out;`,
  };
  return define(module, slots, statements[ir.macro], '$list');
}
