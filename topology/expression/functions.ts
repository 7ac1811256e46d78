import type { HelperName } from './helpers.ts';
import type { CelType } from './types.ts';
import {
  boolType,
  doubleType,
  durationType,
  intType,
  longType,
  stringType,
  timestampType,
} from './types.ts';

/**
 * Kinds of arguments, as the function table writes them. Time stamps are given to helpers in ms,
 * whatever their unit.
 */
export type ParameterKind =
  | 'string'
  | 'int'
  | 'double'
  | 'bool'
  | 'bytes'
  | 'enum'
  | 'list'
  | 'list of string'
  | 'map'
  | 'timestamp'
  | 'duration';

/** One overload of a function or method. */
export interface FunctionDef {
  readonly name: string;
  /** Kind of what stands before the dot; absent: a function. */
  readonly on?: ParameterKind;
  readonly takes: readonly ParameterKind[];
  /** 'argument': the type of the (only) argument. */
  readonly gives: CelType | 'argument';
  readonly helper: HelperName;
}

function functionDef(
  name: string,
  takes: readonly ParameterKind[],
  gives: FunctionDef['gives'],
  helper: HelperName,
): FunctionDef {
  return { name, takes, gives, helper };
}

function method(
  on: ParameterKind,
  name: string,
  takes: readonly ParameterKind[],
  gives: CelType,
  helper: HelperName,
): FunctionDef {
  return { name, on, takes, gives, helper };
}

const strings: CelType = { kind: 'list', items: stringType };

const sizes = (
  [
    ['string', 'sizeOfText'],
    ['list', 'sizeOfList'],
    ['map', 'sizeOfMap'],
    ['bytes', 'sizeOfBytes'],
  ] as const
).flatMap(([kind, helper]) => [
  functionDef('size', [kind], intType, helper),
  method(kind, 'size', [], intType, helper),
]);

/**
 * Every function and method, macros apart. What a literal argument makes a constant is handled
 * where they are checked.
 */
export const functions: readonly FunctionDef[] = [
  ...sizes,
  method('string', 'startsWith', ['string'], boolType, 'startsWith'),
  method('string', 'endsWith', ['string'], boolType, 'endsWith'),
  method('string', 'contains', ['string'], boolType, 'includes'),
  method('string', 'lowerAscii', [], stringType, 'lowerAscii'),
  method('string', 'upperAscii', [], stringType, 'upperAscii'),
  method('string', 'trim', [], stringType, 'trim'),
  method('string', 'indexOf', ['string'], intType, 'indexOf'),
  method('string', 'indexOf', ['string', 'int'], intType, 'indexOfFrom'),
  method('string', 'lastIndexOf', ['string'], intType, 'lastIndexOf'),
  method('string', 'lastIndexOf', ['string', 'int'], intType, 'lastIndexOfFrom'),
  method('string', 'substring', ['int'], stringType, 'substringFrom'),
  method('string', 'substring', ['int', 'int'], stringType, 'substring'),
  method('string', 'replace', ['string', 'string'], stringType, 'replace'),
  method('string', 'split', ['string'], strings, 'split'),
  method('string', 'split', ['string', 'int'], strings, 'splitLimit'),
  method('list of string', 'join', [], stringType, 'join'),
  method('list of string', 'join', ['string'], stringType, 'joinWith'),

  functionDef('string', ['string'], 'argument', 'same'),
  functionDef('string', ['int'], stringType, 'numberToText'),
  functionDef('string', ['double'], stringType, 'numberToText'),
  functionDef('string', ['bool'], stringType, 'boolToText'),
  functionDef('string', ['enum'], stringType, 'same'),
  functionDef('string', ['bytes'], stringType, 'bytesToText'),
  functionDef('string', ['timestamp'], stringType, 'timestampToText'),
  functionDef('string', ['duration'], stringType, 'durationToText'),
  functionDef('int', ['int'], 'argument', 'same'),
  functionDef('int', ['double'], longType, 'doubleToInt'),
  functionDef('int', ['string'], longType, 'textToInt'),
  functionDef('int', ['timestamp'], longType, 'wholeSeconds'),
  functionDef('double', ['double'], 'argument', 'same'),
  functionDef('double', ['int'], doubleType, 'same'),
  functionDef('double', ['string'], doubleType, 'textToDouble'),
  functionDef('bool', ['bool'], 'argument', 'same'),
  functionDef('bool', ['string'], boolType, 'textToBool'),
  functionDef('timestamp', ['string'], timestampType, 'timestampOfText'),
  functionDef('timestamp', ['int'], timestampType, 'timestampOfSeconds'),
  functionDef('timestamp', ['timestamp'], timestampType, 'same'),
  functionDef('duration', ['string'], durationType, 'durationOfText'),
  functionDef('duration', ['duration'], 'argument', 'same'),
  method('duration', 'getHours', [], longType, 'durationHours'),
  method('duration', 'getMinutes', [], longType, 'durationMinutes'),
  method('duration', 'getSeconds', [], longType, 'durationSeconds'),
  method('duration', 'getMilliseconds', [], longType, 'durationMilliseconds'),
];

/** Parts of a time stamp, each with an optional time zone: method → helper over a date. */
export const timeParts: Readonly<Record<string, HelperName>> = {
  getFullYear: 'fullYear',
  getMonth: 'month',
  getDate: 'date',
  getDayOfMonth: 'dayOfMonth',
  getDayOfWeek: 'dayOfWeek',
  getDayOfYear: 'dayOfYear',
  getHours: 'hours',
  getMinutes: 'minutes',
  getSeconds: 'seconds',
  getMilliseconds: 'milliseconds',
};

/** True where a value of the type may be an argument of the kind. */
export function takesType(kind: ParameterKind, type: CelType): boolean {
  if (kind !== 'list of string') return type.kind === kind;
  return type.kind === 'list' && (type.items.kind === 'string' || type.items.kind === 'never');
}
