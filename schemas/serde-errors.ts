import type { Type } from 'avsc';
import { Decimal } from '../topology/core/decimal.ts';
import { SerdeError } from '../topology/core/errors.ts';
import { innerOf } from './avsc-base.ts';
import { isDecimalType } from './avsc-decimals.ts';
import { BigLong, SafeLong } from './avsc-numbers.ts';
import { NamedUnion } from './avsc-unions.ts';
import { isDecimal } from './decimal-bytes.ts';

/** SERDE_ENCODE: a value that does not fit, with where and why. */
export function encodeError(what: string, reason: string, cause?: unknown): SerdeError {
  return new SerdeError('SERDE_ENCODE', `cannot write ${what}: ${reason}`, { cause });
}

/** SERDE_DECODE: bytes that are none of what was expected. */
export function decodeError(what: string, reason: string, cause?: unknown): SerdeError {
  return new SerdeError('SERDE_DECODE', `cannot read ${what}: ${reason}`, { cause });
}

/** A value as a message shows it: short, and never failing. */
export function show(value: unknown): string {
  let text: string | undefined;
  if (typeof value === 'string') text = `"${value}"`;
  else if (typeof value === 'bigint') text = `${value}n (a bigint)`;
  else if (typeof value === 'object' && value !== null) {
    text = isDecimal(value) ? `${decimalText(value)} (a decimal)` : jsonOf(value);
  } else text = String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function decimalText({ unscaled, scale }: { unscaled: bigint; scale: number }): string {
  return new Decimal(unscaled, scale).toString();
}

function jsonOf(value: object): string {
  try {
    return JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === 'bigint' ? `${inner}n` : inner,
    );
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/**
 * First reason why avsc does not take a value, with the path to it: `lines.0.quantity is "x", which
 * is no int`.
 */
export function reasonOf(type: Type, value: unknown): string | undefined {
  let reason: string | undefined;
  type.isValid(value, {
    errorHook: (path, found: unknown, expected) => {
      reason ??= `${path.length === 0 ? 'it' : shortPath(path)} is ${show(found)}, ${mismatch(found, expected)}`;
    },
  });
  return reason;
}

/** True for what is thrown where calls are nested too deeply: the value is. */
export function isOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.startsWith('Maximum call stack');
}

/** A path as a message shows it: of a long one, its beginning and its end. */
export function shortPath(path: readonly string[]): string {
  const shown = path.length > 16 ? [...path.slice(0, 8), '…', ...path.slice(-4)] : path;
  return shown.join('.');
}

function mismatch(found: unknown, expected: Type): string {
  if (
    innerOf(expected) instanceof SafeLong &&
    typeof found === 'number' &&
    Number.isInteger(found)
  ) {
    return 'which is beyond the range in which numbers are exact';
  }
  const inner = innerOf(expected);
  if (inner instanceof BigLong && typeof found === 'bigint') {
    return 'which is beyond the 64 bits of a long';
  }
  if (isDecimalType(inner)) {
    const { precision, scale } = inner.decimal;
    const digits = `which is no decimal of ${precision} digits, ${scale} of them after the point`;
    return typeof found === 'object' && found !== null ? digits : `${digits} (\`Decimal\`)`;
  }
  return `which is no ${describe(expected)}`;
}

/** A type in few words: its name, or its kind. */
function describe(type: Type): string {
  if (type.name !== undefined) return type.name;
  const types = (type as unknown as { types?: readonly Type[] }).types;
  if (types !== undefined) {
    const branch = type instanceof NamedUnion ? describeNamed : describe;
    return types.map(branch).join(' or ');
  }
  if (isDecimalType(innerOf(type))) return 'decimal';
  if (innerOf(type) instanceof BigLong) return 'bigint';
  return type.typeName;
}

/** How a branch is written that is told by its name. */
function describeNamed(type: Type): string {
  if (type.typeName === 'null') return 'null';
  return `{"${String(type.branchName)}": …}`;
}
