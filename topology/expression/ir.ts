import type { CelType } from './types.ts';
import type { HelperName } from './helpers.ts';

/** Variables of a scope that are read from the bindings under their own name. */
export type VariableName = 'key' | 'value' | 'left' | 'right' | 'reply' | 'aggregate';

/**
 * A checked expression: what the emitter turns into JavaScript. Every node is pure, so a node may
 * be emitted more than once.
 */
export type Ir =
  | { readonly op: 'const'; readonly value: unknown }
  | { readonly op: 'variable'; readonly name: VariableName }
  /** Variable of a macro; `slot` is unique in the expression. */
  | { readonly op: 'local'; readonly slot: number }
  | { readonly op: 'metadata'; readonly name: 'time' | 'topic' | 'partition' | 'offset' }
  | { readonly op: 'headers' }
  | { readonly op: 'field'; readonly of: Ir; readonly name: string }
  | { readonly op: 'infix'; readonly sign: InfixSign; readonly left: Ir; readonly right: Ir }
  | { readonly op: 'not'; readonly of: Ir }
  /** Minus of a double. */
  | { readonly op: 'minus'; readonly of: Ir }
  | { readonly op: 'if'; readonly test: Ir; readonly yes: Ir; readonly no: Ir }
  | { readonly op: 'list'; readonly items: readonly Ir[] }
  | { readonly op: 'object'; readonly entries: readonly (readonly [key: Ir, value: Ir])[] }
  | { readonly op: 'call'; readonly helper: HelperName; readonly args: readonly Ir[] }
  | LoopIr
  /** `cel.bind`: `slot` is `of` inside `body`. */
  | { readonly op: 'bind'; readonly slot: number; readonly of: Ir; readonly body: Ir };

export interface LoopIr {
  readonly op: 'loop';
  readonly macro: 'all' | 'exists' | 'exists_one' | 'map' | 'filter';
  /** A list, or the keys of a map. */
  readonly over: Ir;
  readonly slot: number;
  /** Only elements that pass (the middle argument of a three-argument `map`). */
  readonly where?: Ir;
  readonly body: Ir;
}

export type InfixSign =
  | '&&'
  | '||'
  | '==='
  | '!=='
  /** Null tests: an absent field counts as null. */
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/';

/** A checked node: its type, its code, and what is known after it was true or false. */
export interface Typed {
  readonly type: CelType;
  readonly ir: Ir;
  /** Paths that are not null where the node was true. */
  readonly whenTrue: ReadonlySet<string>;
  /** Paths that are not null where the node was false. */
  readonly whenFalse: ReadonlySet<string>;
  /**
   * Name of the place that the node reads, if it is one: a variable and fields. Narrowing speaks of
   * these.
   */
  readonly path?: string;
}

const nothing: ReadonlySet<string> = new Set();

/** A checked node that says nothing about nulls. */
export function typed(type: CelType, ir: Ir, path?: string): Typed {
  const base = { type, ir, whenTrue: nothing, whenFalse: nothing };
  return path === undefined ? base : { ...base, path };
}

/** Stands for a node with a reported problem. */
export const failed: Typed = typed({ kind: 'error' }, { op: 'const', value: undefined });
