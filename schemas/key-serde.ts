import type { AvroType } from '../topology/core/avro.ts';
import { ConfigError } from '../topology/core/errors.ts';
import type { SchemaResolver } from './avro-serde.ts';
import { avroSerde } from './avro-serde.ts';
import type { AvroSchemas } from './catalog.ts';
import type { PrimitiveKind } from './primitive-serde.ts';
import { primitiveSerde } from './primitive-serde.ts';
import type { Serde } from './serde.ts';

const primitives: ReadonlySet<string> = new Set<PrimitiveKind>([
  'string',
  'int',
  'long',
  'double',
  'float',
  'boolean',
  'bytes',
]);

/**
 * True for a key type whose bytes are those of Kafka's own serializer, without a schema id: it has
 * no subject in the registry.
 */
export function isPrimitiveKey(type: AvroType): boolean {
  return primitives.has(type.kind);
}

/**
 * The serde of a key type: {@link primitiveSerde} for a primitive one (so that Java programs agree
 * on bytes and partition), else Avro in the wire format with the id given.
 * @throws {ConfigError} SCHEMA_KEY_ID if a key that is not primitive has no `avro` options
 */
export function keySerde(
  type: AvroType,
  avro?: {
    readonly schemas: AvroSchemas;
    readonly schemaId: number;
    readonly resolver: SchemaResolver;
  },
): Serde {
  if (isPrimitiveKey(type)) return primitiveSerde(type.kind as PrimitiveKind);
  if (avro === undefined) {
    throw new ConfigError('SCHEMA_KEY_ID', `a key of type ${type.kind} needs a schema id`);
  }
  return avroSerde(avro.schemas, type, avro);
}
