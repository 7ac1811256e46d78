/** `millrace/schemas`: Avro types, serdes and their wire format. */
export { avroSerde, writerId } from './avro-serde.ts';
export type { AvroSerde, SchemaResolver } from './avro-serde.ts';
export type { LongOptions } from './avsc-types.ts';
export { loadCatalog } from './catalog.ts';
export type { AvroSchemas } from './catalog.ts';
export type { SchemaFile, SchemaProblem } from './definitions.ts';
export { jsonSerde } from './json-serde.ts';
export { isPrimitiveKey, keySerde } from './key-serde.ts';
export { subjectFor } from './subjects.ts';
export { bytesSerde, primitiveSerde, stringSerde } from './primitive-serde.ts';
export type { PrimitiveKind } from './primitive-serde.ts';
export type { Serde } from './serde.ts';
export { resolves } from './resolutions.ts';
export { sameSchema } from './same-schema.ts';
export { requireSchema, writtenReader } from './written-reader.ts';
export { checkCompatibility, compatibilityModes } from './compatibility/modes.ts';
export type {
  CompatibilityCheck,
  CompatibilityMode,
  CompatibilityVerdict,
  SchemaVersion,
} from './compatibility/modes.ts';
export { parseSchema } from './compatibility/parsed-schema.ts';
export type { ParsedSchema } from './compatibility/parsed-schema.ts';
export { canRead } from './compatibility/read-check.ts';
export type {
  DifferenceEffect,
  DifferenceKind,
  ReadDifference,
  ReadVerdict,
} from './compatibility/read-check.ts';
export { Decimal } from '../topology/core/decimal.ts';
export { diffSchemas } from './diff/diff.ts';
export type { ChangeKind, SchemaChange, SchemaDiff } from './diff/schema-change.ts';
export {
  bytesOfDuration,
  dateOfDays,
  dateOfMicros,
  dateOfNanos,
  daysOfDate,
  durationOfBytes,
  microsOfDate,
  nanosOfDate,
} from './time-values.ts';
export type { AvroDuration } from './time-values.ts';
