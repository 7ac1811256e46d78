import type { AvroField, AvroRecord, AvroType } from '../core/avro.ts';
import { bigOf, isRawNumber } from '../core/exact-json.ts';
import { nearestName } from '../core/problem.ts';
import { analyse } from './compile.ts';
import { emitObject } from './emit.ts';
import type { Bindings, ExpressionProblem, ExpressionScope } from './expression.ts';
import type { Ir } from './ir.ts';

/** A finding about one field of a projection. */
export interface ProjectionProblem extends ExpressionProblem {
  readonly field: string;
  /**
   * What is meant: the field's expression, its name, or (for a missing field) the projection as a
   * whole.
   */
  readonly on: 'expression' | 'name' | 'projection';
}

export type ProjectionResult =
  | {
      readonly ok: true;
      /** Builds the record: all fields of the type in the order of the schema. */
      readonly run: (bindings: Bindings) => unknown;
      readonly warnings: readonly ProjectionProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ProjectionProblem[] };

/**
 * Compiles a projection onto an Avro record type, field by field. A field that is not set takes the
 * default of the schema; one without default must be set. All problems of all fields are returned
 * at once.
 */
export function compileProjection(
  as: AvroRecord,
  set: Readonly<Record<string, string>>,
  scope: ExpressionScope,
): ProjectionResult {
  const problems: ProjectionProblem[] = unknownFields(as, set);
  const fields: (readonly [string, Ir])[] = [];
  const missing: string[] = [];
  for (const field of as.fields) {
    const text = Object.hasOwn(set, field.name) ? set[field.name] : undefined;
    if (text !== undefined) {
      const analysis = analyse(text, scope, field.type);
      const found = analysis.ok ? analysis.warnings : analysis.problems;
      problems.push(
        ...found.map((problem) => ({ ...problem, field: field.name, on: 'expression' as const })),
      );
      problems.push(...moneyWarning(field, text));
      if (analysis.ok) fields.push([field.name, analysis.ir]);
    } else if (field.hasDefault) {
      fields.push([field.name, { op: 'const', value: defaultValue(field.type, field.default) }]);
    } else missing.push(field.name);
  }
  problems.push(...missing.map((name) => missingField(as, name)));
  if (problems.some(({ severity }) => severity === 'error')) return { ok: false, problems };
  return {
    ok: true,
    run: emitObject(fields, `the projection onto ${as.name}`),
    warnings: problems,
  };
}

function unknownFields(as: AvroRecord, set: Readonly<Record<string, string>>): ProjectionProblem[] {
  const names = as.fields.map(({ name }) => name);
  const open = names.filter((name) => !Object.hasOwn(set, name));
  return Object.keys(set)
    .filter((name) => !names.includes(name))
    .map((name) => {
      const near = nearestName(name, open) ?? nearestName(name, names);
      return {
        code: 'E032',
        severity: 'error',
        field: name,
        on: 'name',
        message: `no field "${name}" in ${as.name}`,
        range: [0, name.length],
        ...(near === undefined ? {} : { suggestion: `did you mean "${near}"?` }),
        notes: [{ message: `${as.name} has ${names.join(', ')}`, type: { name: as.name } }],
      };
    });
}

function missingField(as: AvroRecord, name: string): ProjectionProblem {
  return {
    code: 'E031',
    severity: 'error',
    field: name,
    on: 'projection',
    message: `field "${name}" of ${as.name} is not set and has no default`,
    range: [0, 0],
    notes: [{ message: `${as.name}.${name}`, type: { name: as.name, field: name } }],
  };
}

const money = /(?:amount|price|total|cost|money|balance|fee|tax|revenue)(?:s|$|[A-Z_])/i;

/** Floating-point money does not add up. */
function moneyWarning(field: AvroField, text: string): ProjectionProblem[] {
  const branches = field.type.kind === 'union' ? field.type.branches : [field.type];
  const floating = branches.some(({ kind }) => kind === 'float' || kind === 'double');
  if (!floating || !money.test(field.name)) return [];
  return [
    {
      code: 'W021',
      severity: 'warning',
      field: field.name,
      on: 'expression',
      message: `"${field.name}" looks like money, and floating point does not add up exactly`,
      range: [0, text.length],
      suggestion: 'count in the smallest unit, as a long',
    },
  ];
}

/**
 * The run-time value of a default in Avro's JSON encoding. Shared by all records: deeply frozen.
 * The default of a union is of its first branch that takes it.
 */
function defaultValue(type: AvroType, json: unknown): unknown {
  switch (type.kind) {
    case 'bytes':
    case 'fixed':
      return Buffer.from(json as string, 'latin1');
    case 'array':
      return Object.freeze((json as unknown[]).map((item) => defaultValue(type.items, item)));
    case 'map': {
      const entries = Object.entries(json as object);
      return Object.freeze(
        Object.fromEntries(entries.map(([key, value]) => [key, defaultValue(type.values, value)])),
      );
    }
    case 'record': {
      const given = json as Record<string, unknown>;
      const fields = type.fields.map((field) => [
        field.name,
        defaultValue(
          field.type,
          Object.hasOwn(given, field.name) ? given[field.name] : field.default,
        ),
      ]);
      return Object.freeze(Object.fromEntries(fields) as object);
    }
    case 'union': {
      const first = type.branches.find((branch) => (branch.kind === 'null') === (json === null));
      return first === undefined ? json : defaultValue(first, json);
    }
    case 'float':
    case 'double':
      return isRawNumber(json) ? Number(json.rawJSON) : json;
    default:
      return isRawNumber(json) ? bigOf(json) : json;
  }
}
