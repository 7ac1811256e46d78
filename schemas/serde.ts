/**
 * Turns values into bytes and back, synchronously: everything that needs waiting (a schema id) was
 * resolved before (design.md 9). `null` values never reach a serde: a null key or value is a null
 * in the record.
 */
export interface Serde<T = unknown> {
  /**
   * Writes `value` into `buffer` at `position` and returns the position after it, or −1 − (bytes
   * needed at least) if it does not fit: grow and call again.
   * @throws {SerdeError} SERDE_ENCODE naming field and reason, if the value does not fit the schema
   */
  write(value: T, buffer: Buffer, position: number): number;
  /**
   * The value in `buffer[start, end)`. Copies what it keeps: the buffer may be reused.
   * @throws {SerdeError} SERDE_DECODE if the bytes are none of its
   */
  read(buffer: Buffer, start: number, end: number): T;
  /**
   * The id of the schema that wrote `buffer[start, end)`, where this serde cannot read it because
   * the schema's text is not at hand yet: fetch it before the batch starts, then read. Undefined:
   * read at once (also where reading will fail). Absent in serdes whose bytes hold no id.
   */
  unknownId?(buffer: Buffer, start: number, end: number): number | undefined;
}
