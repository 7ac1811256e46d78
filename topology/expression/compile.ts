import { serialize } from '@marcbachmann/cel-js';
import type { AvroType } from '../core/avro.ts';
import { fit } from './assign.ts';
import { checkExpression } from './check.ts';
import { emit } from './emit.ts';
import type { ExpressionProblem, ExpressionResult, ExpressionScope } from './expression.ts';
import type { Ir } from './ir.ts';
import { parseExpression } from './parse.ts';
import { fromAvro, toAvro } from './types.ts';

/** A checked expression before it is compiled: its code and type, or its problems. */
export type Analysis =
  | {
      readonly ok: true;
      readonly ir: Ir;
      readonly type: AvroType | undefined;
      readonly warnings: readonly ExpressionProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

/** Parses and types an expression, and makes its result fit `expected` where that is given. */
export function analyse(text: string, scope: ExpressionScope, expected?: AvroType): Analysis {
  const parsed = parseExpression(text);
  if ('problem' in parsed) return { ok: false, problems: [parsed.problem] };
  const { ast } = parsed;
  const hint = expected && fromAvro(expected);
  const { result, problems } = checkExpression(ast, scope, hint);
  const all = [...problems];
  let { ir } = result;
  if (expected !== undefined) {
    const fitted = fit(result, expected, serialize(ast));
    if (fitted.ok) ({ ir } = fitted);
    else {
      const { ok: _, ...problem } = fitted;
      all.push({ ...problem, range: [ast.start, ast.end], severity: 'error' });
    }
  }
  if (all.some(({ severity }) => severity === 'error')) return { ok: false, problems: all };
  const type = expected ?? toAvro(result.type);
  return { ok: true, ir, type, warnings: all };
}

/**
 * Compiles a CEL expression for a scope, or returns everything that is wrong with it. Its result is
 * of type `expected` where that is given: bare enum symbols mean it, and what does not fit without
 * loss is a problem.
 *
 * **Example**
 * ```ts
 * const result = compileExpression('value.total > 100', scope, { kind: 'boolean' });
 * if (result.ok) result.expression.run(bindings); // => true
 * ```
 */
export function compileExpression(
  text: string,
  scope: ExpressionScope,
  expected?: AvroType,
): ExpressionResult {
  const analysis = analyse(text, scope, expected);
  if (!analysis.ok) return analysis;
  const { ir, type, warnings } = analysis;
  return { ok: true, expression: { type, run: emit(ir, text) }, warnings };
}
