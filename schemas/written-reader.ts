import type { LongOptions } from './avsc-types.ts';
import { buildType, newRegistry } from './avsc-types.ts';
import { parseSchema } from './compatibility/parsed-schema.ts';
import { wholeSchema } from './compatibility/whole-schema.ts';
import { decodeError } from './serde-errors.ts';

/** Bytes of a payload before the value: magic and schema id. */
const headerBytes = 5;

/**
 * Reads payloads in the wire format as the schema that wrote them has them, without any other
 * schema: for tools that show what is stored. `text` is the JSON text of that schema. The function
 * throws {@link SerdeError} SERDE_DECODE if the bytes are none of its.
 * @throws {Error} when the text is no Avro schema
 */
export function writtenReader(
  text: string,
  options: LongOptions = {},
): (payload: Buffer) => unknown {
  const schema = wholeSchema(parseSchema(text), { defaults: false });
  const type = buildType(schema, newRegistry(options));
  const name = type.name ?? type.typeName;
  return (payload) => {
    let decoded: { value: unknown; offset: number };
    try {
      decoded = type.decode(payload, headerBytes);
    } catch (error) {
      throw decodeError(name, error instanceof Error ? error.message : String(error), error);
    }
    if (decoded.offset === payload.length) return decoded.value;
    const left = payload.length - decoded.offset;
    throw decodeError(
      name,
      decoded.offset < 0 || left < 0
        ? 'the bytes end in the middle of the value'
        : `${left} bytes are left over after the value`,
    );
  };
}

/**
 * Refuses a text that is no Avro schema, or whose defaults do not fit their fields.
 * @throws {Error} saying why
 */
export function requireSchema(text: string): void {
  buildType(wholeSchema(parseSchema(text), { defaults: true }), newRegistry());
}
