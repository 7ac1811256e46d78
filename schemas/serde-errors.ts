import type { Type } from 'avsc';
import { SerdeError } from '../topology/core/errors.ts';

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
  else if (typeof value === 'object' && value !== null) text = jsonOf(value);
  else text = String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function jsonOf(value: object): string {
  try {
    return JSON.stringify(value);
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
      reason ??= `${path.length === 0 ? 'it' : path.join('.')} is ${show(found)}, ${mismatch(found, expected)}`;
    },
  });
  return reason;
}

function mismatch(found: unknown, expected: Type): string {
  if (expected.typeName === 'long' && typeof found === 'number' && Number.isInteger(found)) {
    return 'which is beyond the range in which numbers are exact';
  }
  return `which is no ${describe(expected)}`;
}

/** A type in few words: its name, or its kind. */
function describe(type: Type): string {
  if (type.name !== undefined) return type.name;
  const types = (type as unknown as { types?: readonly Type[] }).types;
  if (types !== undefined) return types.map(describe).join(' or ');
  return type.typeName;
}
