/** `millrace/schemas`: Avro types, serdes and their wire format. */
export { avroSerde, writerId } from './avro-serde.ts';
export type { AvroSerde, SchemaResolver } from './avro-serde.ts';
export { loadCatalog } from './catalog.ts';
export type { AvroSchemas } from './catalog.ts';
export type { SchemaFile, SchemaProblem } from './definitions.ts';
export { jsonSerde } from './json-serde.ts';
export { isPrimitiveKey, keySerde, subjectFor } from './key-serde.ts';
export { bytesSerde, primitiveSerde, stringSerde } from './primitive-serde.ts';
export type { PrimitiveKind } from './primitive-serde.ts';
export type { Serde } from './serde.ts';
export { resolves } from './resolutions.ts';
export { writtenReader } from './written-reader.ts';
