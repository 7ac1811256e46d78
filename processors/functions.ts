import type { AvroType } from '../topology/core/avro.ts';
import { ConfigError, ProcessingError } from '../topology/core/errors.ts';
import { StreamRecord } from '../topology/core/record.ts';
import type { Fn, ValueFn } from '../topology/definition/definition.ts';
import type { Bindings, ExpressionScope } from '../topology/expression/expression.ts';
import type { EdgeType } from '../topology/plan/plan.ts';
import type { StageEnvironment } from './environment.ts';

/** A compiled expression, projection or function of the user, over the bindings of its stage. */
export type Evaluate = (bindings: Bindings) => unknown;

/** A function of the user's, called with what its position says. */
export type UserFunction = (...args: readonly unknown[]) => unknown;

/**
 * What a `use:` function is called with, per position:
 * - `record`: value, key, record (a table's operators: value and key only, since they are also
 *   called when the table is read);
 * - `aggregate`: aggregate, value, key;
 * - `init`: key;
 * - `join`: left, right, key;
 * - `outcome`: value, reply, key.
 */
export type Arguments = 'record' | 'row' | 'aggregate' | 'init' | 'join' | 'outcome';

const booleanType: AvroType = { kind: 'boolean' };

/** Fresh bindings for one attempt of a stage. */
export function newBindings(): Bindings {
  return {
    record: new StreamRecord(null, null, -1),
    key: null,
    value: null,
    left: null,
    right: null,
    reply: null,
    aggregate: null,
  };
}

/** Points the bindings at a record: `record`, `key` and `value`. */
export function bind(bindings: Bindings, record: StreamRecord): void {
  bindings.record = record;
  bindings.key = record.key;
  bindings.value = record.value;
}

/**
 * Scope of an expression over the records of an edge: `key`, `value`, `record`, `headers`, and what
 * `more` adds.
 */
export function scopeOf(
  environment: StageEnvironment,
  type: EdgeType,
  more: Readonly<Record<string, AvroType>> = {},
): ExpressionScope {
  return {
    catalog: environment.catalog,
    variables: { key: type.key, value: type.value, ...more },
    metadata: true,
  };
}

/**
 * Scope of an expression over the rows of a table: `key` and `value` alone. It is evaluated for old
 * rows and when the table is read, too, and must give the same whenever it is asked for a row, so
 * the record that brought the row is not in it.
 */
export function rowScopeOf(environment: StageEnvironment, type: EdgeType): ExpressionScope {
  return { ...scopeOf(environment, type), metadata: false };
}

/**
 * The function that a definition names. Nobody waits for a promise that it gives: where a result
 * counts, the promise itself is refused; its rejection must not end the process, at each start
 * again.
 * @throws {ConfigError} PROCESSOR_MISSING or PROCESSOR_NOT_A_FUNCTION
 */
export function userFunction(environment: StageEnvironment, name: string): UserFunction {
  const found = environment.function(name);
  if (typeof found === 'function') {
    const call = found as UserFunction;
    return (...args) => {
      const result = call(...args);
      if (result instanceof Promise) result.catch(() => {});
      return result;
    };
  }
  if (found === undefined) {
    throw new ConfigError(
      'PROCESSOR_MISSING',
      `no processor "${name}": export it from a file of the processors folder, or register it with the builder`,
    );
  }
  throw new ConfigError(
    'PROCESSOR_NOT_A_FUNCTION',
    `processor "${name}" is of type ${typeof found}: export a function`,
  );
}

/** Where a function stands and what its result must be. */
export interface Position {
  readonly environment: StageEnvironment;
  readonly scope: ExpressionScope;
  readonly expected?: AvroType;
  readonly args: Arguments;
}

/** Compiles what makes a value: an expression, a projection, or a function of the user's. */
export function compileValue(fn: ValueFn, position: Position): Evaluate {
  const { environment, scope, expected, args } = position;
  if ('expr' in fn) return environment.expression(fn.expr, scope, expected).run;
  if ('set' in fn) return environment.projection(fn.as, fn.set, scope).run;
  return checked(fn.use, callers[args](userFunction(environment, fn.use)));
}

/** Compiles an expression or a function of the user's that gives a key. */
export function compileKey(fn: Fn, position: Position): Evaluate {
  return compileValue(fn, position);
}

/** Compiles a predicate. A function must give a boolean. */
export function compileTest(fn: Fn, position: Position): Evaluate {
  if ('expr' in fn)
    return position.environment.expression(fn.expr, position.scope, booleanType).run;
  const call = callers[position.args](userFunction(position.environment, fn.use));
  return (bindings) => {
    const result = call(bindings);
    if (typeof result === 'boolean') return result;
    throw new ProcessingError(
      'FUNCTION_NOT_BOOLEAN',
      `"${fn.use}" is used as a predicate and gave ${describe(result)}: return true or false`,
    );
  };
}

const callers: Readonly<Record<Arguments, (call: UserFunction) => Evaluate>> = {
  record: (call) => (bindings) => call(bindings.value, bindings.key, bindings.record),
  row: (call) => (bindings) => call(bindings.value, bindings.key),
  aggregate: (call) => (bindings) => call(bindings.aggregate, bindings.value, bindings.key),
  init: (call) => (bindings) => call(bindings.key),
  join: (call) => (bindings) => call(bindings.left, bindings.right, bindings.key),
  outcome: (call) => (bindings) => call(bindings.value, bindings.reply, bindings.key),
};

// A forgotten `return` would be a silent tombstone, a promise a silent `{}`.
function checked(name: string, call: Evaluate): Evaluate {
  return (bindings) => {
    const result = call(bindings);
    if (result === undefined || result instanceof Promise) {
      throw new ProcessingError(
        'FUNCTION_RESULT',
        `"${name}" gave ${describe(result)}: return a value or null; what needs waiting belongs in a process stage with mapAsync`,
      );
    }
    return result;
  };
}

function describe(result: unknown): string {
  if (result instanceof Promise) return 'a promise';
  return result === null || result === undefined ? String(result) : `a ${typeof result}`;
}
