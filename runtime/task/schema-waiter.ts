/** Something whose next record may have to wait for a schema, while the registry is asked for it. */
export interface SchemaWaiter {
  /** The schema id that it waits for; undefined: for none. */
  readonly pendingSchema: number | undefined;
  /** The id became known, or is known not to exist: the record is decoded again. */
  schemaResolved(): void;
}
