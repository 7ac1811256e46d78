/** What kind of change it is. */
export type ChangeKind =
  | 'field-added'
  | 'field-removed'
  | 'field-renamed'
  | 'default-changed'
  | 'type-changed'
  | 'renamed'
  | 'symbols-added'
  | 'symbols-removed'
  | 'branches-added'
  | 'branches-removed'
  | 'size-changed'
  | 'doc-changed';

/** One change from an old schema to a new one. */
export interface SchemaChange {
  readonly kind: ChangeKind;
  /**
   * Where: `lines[].quantity`; `{}` are the values of a map, `(shop.Card)` is the branch of a union.
   * In the words of the new schema, of what is gone in those of the old one. Empty: the whole.
   */
  readonly path: string;
  /** In words, with what it means for both directions. */
  readonly message: string;
  /** False where the new schema cannot read what the old one wrote, because of this. */
  readonly backward: boolean;
  /** False where the old schema cannot read what the new one writes, because of this. */
  readonly forward: boolean;
}

/** What changed between two schemas. */
export interface SchemaDiff {
  /** True where the new schema reads what the old one wrote. */
  readonly backward: boolean;
  /** True where the old schema reads what the new one writes. */
  readonly forward: boolean;
  /** In the order of the new schema's fields; what is gone comes last. */
  readonly changes: readonly SchemaChange[];
}
