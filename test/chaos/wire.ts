import avsc from 'avsc';
import type { Schema, Type } from 'avsc';
import type { SchemaRegistry } from '../../runtime/ports.ts';

const prefixBytes = 5;

/**
 * Decodes values in the Confluent wire format with nothing but avsc and the registry: the verifier
 * does not trust the serdes that it verifies.
 */
export class WireDecoder {
  readonly #registry: Pick<SchemaRegistry, 'schema'>;
  readonly #types = new Map<number, Type>();

  constructor(registry: Pick<SchemaRegistry, 'schema'>) {
    this.#registry = registry;
  }

  /** Fetches the schema of what may be a value; undefined where there is nothing to wait for. */
  prepare(bytes: Buffer | null): Promise<void> | undefined {
    if (bytes === null || bytes.length < prefixBytes || bytes[0] !== 0) return undefined;
    const id = bytes.readUInt32BE(1);
    return this.#types.has(id) ? undefined : this.#load(id);
  }

  /**
   * The decoded value; null for null.
   * @throws {Error} when the bytes are in another format, or their schema is not known
   */
  decode(bytes: Buffer | null): unknown {
    if (bytes === null) return null;
    const type = bytes[0] === 0 ? this.#types.get(bytes.readUInt32BE(1)) : undefined;
    if (type === undefined) throw new Error(`no Avro value: ${bytes.toString('hex')}`);
    return plain(type.fromBuffer(bytes.subarray(prefixBytes)));
  }

  async #load(id: number): Promise<void> {
    const text = await this.#registry.schema(id);
    // A digest or a number may look like a schema id: whoever decodes learns of it then.
    if (text !== undefined) this.#types.set(id, avsc.Type.forSchema(JSON.parse(text) as Schema));
  }
}

/** avsc's records are instances of classes of their own: as plain objects they compare by content. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}
