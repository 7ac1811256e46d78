import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AvroType } from '../../../topology/core/avro.ts';
import { ProcessingError } from '../../../topology/core/errors.ts';
import { compileExpression } from '../../../topology/expression/compile.ts';
import { bindings, scope, value } from './shop-scope.ts';

/* Expressions made without regard to types: most are refused, the rest must keep its promise. */

const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const any = tie('expression');
  const leaf = fc.oneof(
    fc.constantFrom('key', 'value', 'record.time', 'headers', 'null', 'true', '0', '2.5', '"a"'),
    fc.constantFrom(...Object.keys(value), 'nothing').map((name) => `value.${name}`),
    fc.constantFrom('PAID', 'value.address.zip', 'value.lines[0].quantity', 'headers["x"]', '[]'),
  );
  const binary = fc
    .tuple(
      any,
      fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in'),
      any,
    )
    .map(([a, op, b]) => `(${a} ${op} ${b})`);
  const call = fc
    .tuple(fc.constantFrom('size', 'string', 'int', 'double', 'bool', 'timestamp', '!', '-'), any)
    .map(([name, a]) => `${name}(${a})`);
  const method = fc
    .tuple(any, fc.constantFrom('contains', 'startsWith', 'split', 'substring', 'getHours'), any)
    .map(([a, name, b]) => `${a}.${name}(${name === 'getHours' ? '' : b})`);
  const macro = fc
    .tuple(
      any,
      fc.constantFrom('all', 'exists', 'filter', 'map'),
      any,
      fc.constantFrom('x', 'true'),
    )
    .map(([a, name, body, other]) => `${a}.${name}(x, ${other} == null ? ${body} : ${body})`);
  const guard = fc
    .tuple(fc.constantFrom('value.note', 'value.address', 'value.paidAt'), any, any)
    .map(([path, a, b]) => `(${path} != null ? ${a} : ${b})`);
  const list = fc.tuple(any, any).map(([a, b]) => `[${a}, ${b}]`);
  return {
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      binary,
      call,
      method,
      macro,
      guard,
      list,
      fc.tuple(any, any, any).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    ),
  };
});

const values = fc.record(
  {
    note: fc.constantFrom(null, 'a', ''),
    address: fc.constantFrom(null, { city: 'x', zip: null }, { city: 'x', zip: '12345' }),
    paidAt: fc.constantFrom(null, 0, value.at),
    total: fc.constantFrom(0, 1500, Number.MAX_SAFE_INTEGER),
  },
  { requiredKeys: [] },
);

function isOf(type: AvroType, item: unknown): boolean {
  switch (type.kind) {
    case 'null':
      return item === null;
    case 'boolean':
    case 'string':
      return typeof item === type.kind;
    case 'int':
    case 'long':
      return Number.isSafeInteger(item) && !Object.is(item, -0);
    case 'float':
    case 'double':
      return typeof item === 'number';
    case 'enum':
      return type.symbols.includes(item as string);
    case 'array':
      return Array.isArray(item) && item.every((each) => isOf(type.items, each));
    case 'map':
      return Object.values(item as object).every((each) => isOf(type.values, each));
    case 'record':
      return type.fields.every((field) =>
        isOf(field.type, (item as Record<string, unknown>)[field.name]),
      );
    case 'union':
      return type.branches.some((branch) => isOf(branch, item));
    default:
      return item instanceof Uint8Array;
  }
}

test('what compiles gives a value of its type, or fails the record', () => {
  let accepted = 0;
  fc.assert(
    fc.property(expression, values, (text, change) => {
      const result = compileExpression(text, scope);
      if (!result.ok) return;
      accepted += 1;
      const { type, run } = result.expression;
      let made: unknown;
      try {
        made = run(bindings(change));
      } catch (error) {
        expect(error).toBeInstanceOf(ProcessingError);
        // No value of the scope is null where its type is not.
        expect((error as ProcessingError).code).not.toBe('EXPRESSION_NULL');
        return;
      }
      if (type !== undefined) expect(isOf(type, made), `${text} gave ${String(made)}`).toBe(true);
    }),
    { numRuns: 10_000, seed: 20170103 },
  );
  expect(accepted).toBeGreaterThan(500);
});

test('problems lie inside the text, which is never the reason for an exception', () => {
  const soup = fc
    .array(
      fc.oneof(
        fc.constantFrom('value', '.', '(', ')', '[', ']', '{', '}', ',', ':', '?', '&&', '==', '"'),
        fc.constantFrom(
          '1',
          '0x',
          '1e',
          "'",
          'b"',
          'r"',
          '\\',
          '\n',
          '💥',
          'in',
          'has',
          'cel.bind',
        ),
        fc.string({ maxLength: 3 }),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(soup, expression), (text) => {
      const result = compileExpression(text, scope);
      for (const { range } of result.ok ? result.warnings : result.problems) {
        expect(range[0]).toBeGreaterThanOrEqual(0);
        expect(range[1]).toBeGreaterThanOrEqual(range[0]);
        expect(range[1]).toBeLessThanOrEqual(text.length);
      }
    }),
    { numRuns: 5_000, seed: 20170104 },
  );
});
