import type { AvroType } from '../core/avro.ts';
import { typeName } from '../graph/avro-types.ts';
import { compareText } from '../graph/sources.ts';
import type { Plan } from './plan.ts';

/** What JSON can hold. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * A canonical form of a plan: what JSON can hold, keys in order, types by name. Two plans do the
 * same if and only if their forms are deeply equal, provided that types of one name are the same.
 * Made for tests and for what compares a file with what runs.
 */
export function comparablePlan(plan: Plan): Json {
  return canonicalForm(plan, typeName);
}

/** A part of a plan as JSON, keys in order, with Avro types as `typeForm` has them. */
export function canonicalForm(value: unknown, typeForm: (type: AvroType) => string): Json {
  const canonical = (part: unknown): Json => canonicalForm(part, typeForm);
  if (value instanceof Map) return canonical(Object.fromEntries(value as Map<string, unknown>));
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value === 'object' && value !== null) {
    if (isAvroType(value)) return typeForm(value);
    const entries = Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .sort(([a], [b]) => compareText(a, b))
      .map(([name, part]) => [name, canonical(part)] as const);
    return Object.fromEntries(entries);
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  return null;
}

const avroKinds: ReadonlySet<unknown> = new Set<AvroType['kind']>([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
  'record',
  'enum',
  'fixed',
  'array',
  'map',
  'union',
]);

/**
 * Avro types are the only values of a plan with such a `kind` but for the `map` operator, which has
 * no `values`.
 */
function isAvroType(value: object): value is AvroType {
  const kind = 'kind' in value ? value.kind : undefined;
  return avroKinds.has(kind) && (kind !== 'map' || 'values' in value);
}
