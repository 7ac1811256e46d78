import type { Fn, ValueFn } from '../definition/definition.ts';
import type { Expression } from './expr.ts';

/**
 * A function by its name, with its implementation where it is given here and not in the processors
 * folder.
 */
export interface Use<F = unknown> {
  readonly use: string;
  /** Absent: the processors folder exports it. */
  readonly fn?: F;
  /** Avro type of its result. */
  readonly as?: string;
}

/**
 * Names a function of the processors folder, or gives one (or the stage of a `process`) under a
 * name of its own: then no file is needed. `as` is the Avro type of what it makes; absent: the type
 * that its place implies.
 *
 * **Example**
 * ```ts
 * placed.filter('plausible', use('is-plausible', (order) => order.totalCents < 1e9));
 * ```
 */
export function use<A extends readonly unknown[], R>(
  name: string,
  fn: (...args: A) => R,
  as?: string,
): Use<(...args: A) => R>;
export function use(name: string, fn?: undefined, as?: string): Use<never>;
export function use(name: string, fn: object): Use;
export function use(name: string, fn?: unknown, as?: string): Use {
  return {
    use: name,
    ...(fn === undefined ? {} : { fn }),
    ...(as === undefined ? {} : { as }),
  };
}

/** A projection onto an Avro record type: field → expression. */
export interface Projection {
  readonly as: string;
  readonly set: Readonly<Record<string, Expression>>;
}

/** A condition, or a key: an expression or a function. */
export type FnSpec<F> = Expression | Use<F>;

/** How a value is made: an expression, a projection, or a function. */
export type ValueSpec<F> = Expression | Projection | Use<F>;

/** Takes the functions that a builder was given. */
export type Register = (use: Use) => void;

/** The text of an expression as the definition holds it. */
export function expressionText(text: Expression): string {
  return text.trimEnd();
}

/** The definition of a condition or key. */
export function toFn(spec: FnSpec<unknown>, register: Register): Fn {
  if (typeof spec === 'string') return { expr: expressionText(spec) };
  register(spec);
  return { use: spec.use };
}

/** The definition of a value. */
export function toValueFn(spec: ValueSpec<unknown>, register: Register): ValueFn {
  if (typeof spec === 'string') return { expr: expressionText(spec) };
  if ('set' in spec) return { as: spec.as, set: expressionTexts(spec.set) };
  register(spec);
  return spec.as === undefined ? { use: spec.use } : { use: spec.use, as: spec.as };
}

/** The same for each entry of a projection or request. */
export function expressionTexts(
  set: Readonly<Record<string, Expression>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(set).map(([field, text]) => [field, expressionText(text)]),
  );
}

/** The object without its undefined entries: absent options are absent keys. */
export function present<T extends object>(options: { [P in keyof T]: T[P] | undefined }): T {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as T;
}
