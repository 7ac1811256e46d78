import type { Place } from './place.ts';
import type { Written } from './written.ts';

/** A JSON Schema (draft-07) or a part of one. */
export type JsonSchema = { readonly [keyword: string]: JsonSchemaValue };

/** What a keyword of a JSON Schema may hold. */
export type JsonSchemaValue =
  string | number | boolean | null | readonly JsonSchemaValue[] | JsonSchema;

/**
 * One declaration of what may stand at a position: reads it, describes it as JSON Schema, and names
 * it for the reference. The three come from here alone, so
 * that they cannot drift.
 */
export interface Field<V> {
  /** The value, or undefined after reporting why there is none. Marks the place. */
  readonly read: (node: Written, at: Place) => V | undefined;
  readonly schema: JsonSchema;
  /** For the reference: `duration`, `list of names`. */
  readonly type: string;
  /** Tables of the keys below, for the reference. */
  readonly tables: readonly TableDoc[];
}

/** Documentation of a map with fixed keys: one section of the reference. */
export interface TableDoc {
  readonly title: string;
  readonly doc: string;
  readonly rows: readonly RowDoc[];
  /** YAML that parses: a whole file, or a part that stands on the reference's common head. */
  readonly example?: string;
  readonly nested: readonly TableDoc[];
}

/** Documentation of one key. */
export interface RowDoc {
  readonly key: string;
  readonly type: string;
  readonly required: boolean;
  /** What holds where the key is absent. */
  readonly default?: string;
  readonly doc: string;
}
