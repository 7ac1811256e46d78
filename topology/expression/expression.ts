import type { AvroType, SchemaCatalog } from '../core/avro.ts';
import type { StreamRecord } from '../core/record.ts';

/**
 * What is in scope of an expression. `key` and `value` are those of `record` below, save where the position says otherwise; in joins `left` and `right`, in
 * outcomes `reply`, in aggregates `aggregate`.
 */
export interface ExpressionScope {
  readonly catalog: SchemaCatalog;
  /** Name → Avro type: any of key, value, left, right, reply, aggregate. `right` of a left join is nullable: a union with null. */
  readonly variables: Readonly<Record<string, AvroType>>;
  /** `headers` and `record.time | topic | partition | offset` are in scope. */
  readonly metadata: boolean;
}

/**
 * The run-time values of a scope. One object per stage, filled anew for each record: closures read it, they never keep it (no allocation per record).
 * Avro values as the serdes give them: records are objects, enums their symbol, timestamps ms since epoch, longs numbers.
 */
export interface Bindings {
  /** Gives `record.*` and `headers`. */
  record: StreamRecord;
  key: unknown;
  value: unknown;
  left: unknown;
  right: unknown;
  reply: unknown;
  aggregate: unknown;
}

export interface CompiledExpression {
  /** Type of the result as Avro type; `undefined` where CEL has one that Avro has not (a duration, a heterogeneous list). */
  readonly type: AvroType | undefined;
  /**
   * Evaluates. Pure, synchronous.
   * @throws {ProcessingError} EXPRESSION_… where a value makes it impossible (division by zero, a long beyond the safe range, an index out of bounds)
   */
  readonly run: (bindings: Bindings) => unknown;
}

/** A finding inside one expression; `range` are UTF-16 offsets into its text, half open. */
export interface ExpressionProblem {
  readonly code: string;
  readonly message: string;
  readonly range: readonly [start: number, end: number];
  readonly suggestion?: string;
  /** Further lines, such as where the type is written and what it has. */
  readonly notes?: readonly {
    readonly message: string;
    readonly type?: { readonly name: string; readonly field?: string };
  }[];
  readonly severity: 'error' | 'warning';
}

export type ExpressionResult =
  | {
      readonly ok: true;
      readonly expression: CompiledExpression;
      readonly warnings: readonly ExpressionProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };
