import type { AvroPrimitive, AvroRecord, AvroType } from '../core/avro.ts';
import type { EdgeType } from '../core/edge.ts';

/**
 * Stands for a type that could not be found out. Whatever touches it is not checked: its cause was
 * reported already, and what follows from it would be noise.
 */
export const poison: AvroType = Object.freeze({ kind: 'null', logical: '?' });

/** A poisoned edge: even whether it is a stream or a table is not known. */
export const poisonEdge: EdgeType = Object.freeze({ kind: 'stream', key: poison, value: poison });

export function isPoison(type: AvroType): boolean {
  return type === poison;
}

/** True when nothing at all is known of the edge. */
export function isPoisonEdge(type: EdgeType): boolean {
  return type === poisonEdge;
}

export const booleanType: AvroType = Object.freeze({ kind: 'boolean' });
export const stringType: AvroType = Object.freeze({ kind: 'string' });
export const longType: AvroType = Object.freeze({ kind: 'long' });
export const bytesType: AvroType = Object.freeze({ kind: 'bytes' });

/**
 * True when both write the same bytes: named types by name, the rest by structure. Poison equals
 * everything.
 */
export function sameType(a: AvroType, b: AvroType): boolean {
  if (a === b || a === poison || b === poison) return true;
  switch (a.kind) {
    case 'record':
    case 'enum':
    case 'fixed':
      return a.kind === b.kind && a.name === b.name;
    case 'array':
      return b.kind === 'array' && sameType(a.items, b.items);
    case 'map':
      return b.kind === 'map' && sameType(a.values, b.values);
    case 'union':
      return (
        b.kind === 'union' &&
        a.branches.length === b.branches.length &&
        a.branches.every((branch, i) => sameType(branch, b.branches[i] as AvroType))
      );
    default:
      return a.kind === b.kind && sameLogical(a, b);
  }
}

/** True for the same logical type; of decimals, with the same digits. */
function sameLogical(a: AvroPrimitive, b: AvroPrimitive): boolean {
  return a.logical === b.logical && a.precision === b.precision && a.scale === b.scale;
}

/**
 * The type as an author writes it: `string`, `shop.Order`, `array<shop.Line>`, `long
 * (timestamp-millis)`.
 */
export function typeName(type: AvroType): string {
  switch (type.kind) {
    case 'record':
    case 'enum':
    case 'fixed':
      return type.name;
    case 'array':
      return `array<${typeName(type.items)}>`;
    case 'map':
      return `map<${typeName(type.values)}>`;
    case 'union':
      return type.branches.map(typeName).join(' | ');
    default:
      return type.logical === undefined ? type.kind : `${type.kind} (${type.logical})`;
  }
}

/** The record type, unless it is another kind of type. */
export function asRecord(type: AvroType): AvroRecord | undefined {
  return type.kind === 'record' ? type : undefined;
}

/** The union of the type and null; a type that is nullable already is returned as it is. */
export function nullable(type: AvroType): AvroType {
  if (type === poison || type.kind === 'null') return type;
  if (type.kind !== 'union') return { kind: 'union', branches: [{ kind: 'null' }, type] };
  if (type.branches.some((branch) => branch.kind === 'null')) return type;
  return { kind: 'union', branches: [{ kind: 'null' }, ...type.branches] };
}
