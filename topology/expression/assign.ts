import type { AvroType } from '../core/avro.ts';
import type { Ir, Typed } from './ir.ts';
import type { CelType } from './types.ts';
import { fromAvro, nonNull, sameAvro, showAvro, showType, toAvro } from './types.ts';

/** A value made to fit a type, or the reason why it does not. */
export type Fit =
  | { readonly ok: true; readonly ir: Ir }
  | {
      readonly ok: false;
      readonly code: 'E024' | 'E027' | 'E028';
      readonly message: string;
      readonly suggestion?: string;
    };

/**
 * Makes the result of an expression fit an Avro type: int widens to long and both to double,
 * constants fit where their value does, time stamps in ms become µs. What would lose digits,
 * precision or a null is refused.
 */
export function fit(value: Typed, to: AvroType, text: string): Fit {
  const target = fromAvro(to);
  const { type } = value;
  if (type.kind === 'error' || type.kind === 'never') return { ok: true, ir: value.ir };
  if (target.kind === 'optional') {
    if (type.kind === 'null') return { ok: true, ir: value.ir };
    const inner = toAvro(target.of) as AvroType;
    if (type.kind !== 'optional') return fit(value, inner, text);
    const fitted = fit({ ...value, type: type.of }, inner, text);
    if (!fitted.ok || fitted.ir === value.ir) return fitted;
    return { ok: true, ir: { op: 'call', helper: 'msToUsOrNull', args: [value.ir] } };
  }
  if (type.kind === 'optional') {
    return {
      ok: false,
      code: 'E024',
      message: `${text} may be null, and ${showAvro(to)} may not`,
      suggestion: `write ${text} != null ? ${text} : …`,
    };
  }
  return fitPlain(value, target, to, text);
}

function fitPlain(value: Typed, target: CelType, to: AvroType, text: string): Fit {
  const { type, ir } = value;
  const loss = lossOf(type, target, text);
  if (loss !== undefined) return loss;
  if (type.kind === 'timestamp' && target.kind === 'timestamp' && type.unit !== target.unit) {
    return { ok: true, ir: { op: 'call', helper: 'msToUs', args: [ir] } };
  }
  if (matches(type, target)) return { ok: true, ir };
  return {
    ok: false,
    code: 'E027',
    message: `${text} is ${showType(type)}, not ${showAvro(to)}`,
    ...hint(type, target, text),
  };
}

/** Refusals of numbers and time stamps that the target cannot hold without loss. */
function lossOf(type: CelType, target: CelType, text: string): Fit | undefined {
  const lossy = (detail: string, suggestion?: string): Fit => ({
    ok: false,
    code: 'E028',
    message: `${text}: ${detail}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
  if (type.kind === 'int' && target.kind === 'int' && target.width === 'int') {
    if (type.literal !== undefined) {
      return Math.abs(type.literal + 0.5) <= 2 ** 31 - 0.5
        ? undefined
        : lossy(`${type.literal} does not fit an int`);
    }
    return type.width === 'long'
      ? lossy('long to int is lossy', 'make the field a long')
      : undefined;
  }
  if (type.kind === 'double' && target.kind === 'int') {
    return lossy(`double to ${target.width} is lossy`, `write int(${text})`);
  }
  if (target.kind === 'double' && target.width === 'float') {
    if (type.kind === 'double' && type.width === 'double' && type.literal === undefined) {
      return lossy('double to float is lossy', 'make the field a double');
    }
    if (type.kind === 'int' && Math.fround(type.literal ?? NaN) !== type.literal) {
      return lossy(`${type.width} to float is lossy`, 'make the field a double');
    }
  }
  if (type.kind === 'timestamp' && target.kind === 'timestamp') {
    if (type.unit === 'us' && target.unit === 'ms') {
      return lossy('timestamp-micros to timestamp-millis is lossy');
    }
  }
  return undefined;
}

/** True where values of `type` are values of `target` as they are. */
function matches(type: CelType, target: CelType): boolean {
  if (type.kind === 'never' || type.kind === 'error') return true;
  if (type.kind === 'null') return target.kind === 'null' || target.kind === 'optional';
  switch (target.kind) {
    case 'optional':
      // Only inside lists and maps, where nothing is converted.
      return matches(nonNull(type), target.of);
    case 'int':
      return type.kind === 'int' && lossOf(type, target, '') === undefined;
    case 'double':
      return (
        (type.kind === 'double' || type.kind === 'int') && lossOf(type, target, '') === undefined
      );
    case 'timestamp':
      return type.kind === 'timestamp' && type.unit === target.unit;
    case 'list':
      return type.kind === 'list' && matches(type.items, target.items);
    case 'map':
      return type.kind === 'map' && matches(type.values, target.values);
    case 'record':
      return type.kind === 'record' && type.record.name === target.record.name;
    case 'enum':
      return type.kind === 'enum' && type.type.name === target.type.name;
    case 'opaque':
      return type.kind === 'opaque' && sameAvro(type.avro, target.avro);
    default:
      return type.kind === target.kind;
  }
}

function hint(type: CelType, target: CelType, text: string): { suggestion?: string } {
  if (type.kind === 'string' && target.kind === 'enum') {
    return { suggestion: `write a symbol without quotes: ${target.type.symbols.join(', ')}` };
  }
  if (
    target.kind === 'string' &&
    ['int', 'double', 'bool', 'enum', 'timestamp'].includes(type.kind)
  ) {
    return { suggestion: `write string(${text})` };
  }
  if (type.kind === 'string' && ['int', 'double', 'bool', 'timestamp'].includes(target.kind)) {
    return { suggestion: `write ${target.kind}(${text})` };
  }
  if (type.kind === 'timestamp' && target.kind === 'int') {
    return { suggestion: 'give the field the logical type timestamp-millis' };
  }
  if (type.kind === 'int' && target.kind === 'timestamp') {
    return { suggestion: `seconds since 1970 are written timestamp(${text})` };
  }
  return {};
}
