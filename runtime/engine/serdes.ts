import {
  type AvroSchemas,
  avroSerde,
  bytesSerde,
  isPrimitiveKey,
  jsonSerde,
  keySerde,
  primitiveSerde,
  type PrimitiveKind,
  type Serde,
  stringSerde,
} from '../../schemas/index.ts';
import type { AvroType } from '../../topology/core/avro.ts';
import type { Format } from '../../topology/definition/definition.ts';
import type { SchemaCache } from './schema-cache.ts';

/** Whether a serde is for writing (its schema is registered) or for reading only. */
export type SerdeUse = 'write' | 'read';

/** Makes the serdes of topics and stores. Asynchronous once, at the start: schemas get their ids here, never per record. */
export class Serdes {
  private readonly schemas: AvroSchemas;
  readonly cache: SchemaCache;
  private readonly shared: (topic: string) => boolean;

  /** `shared` tells topics that other programs write or read: the modes of their subjects count. Of the rest the application's plan decides what goes together. */
  constructor(schemas: AvroSchemas, cache: SchemaCache, shared: (topic: string) => boolean) {
    this.schemas = schemas;
    this.cache = cache;
    this.shared = shared;
  }

  /** Keys of primitive type are as Kafka's own serializers write them; others are Avro in the wire format. */
  async key(topic: string, type: AvroType, use: SerdeUse): Promise<Serde> {
    if (isPrimitiveKey(type)) return keySerde(type);
    const schemaId = await this.schemaId(topic, 'key', type, use);
    return keySerde(type, { schemas: this.schemas, schemaId, resolver: this.cache });
  }

  async value(topic: string, type: AvroType, format: Format, use: SerdeUse): Promise<Serde> {
    switch (format) {
      case 'json':
        return jsonSerde;
      case 'string':
        return stringSerde;
      case 'bytes':
        return bytesSerde;
      case 'avro': {
        const schemaId = await this.schemaId(topic, 'value', type, use);
        return avroSerde(this.schemas, type, { schemaId, resolver: this.cache });
      }
    }
  }

  /** Values of a store: primitive ones as Kafka's own serializers write them, records as Avro with the id of their writer's schema. */
  async storeValue(changelog: string, type: AvroType): Promise<Serde> {
    if (isPrimitiveKey(type)) return primitiveSerde(type.kind as PrimitiveKind);
    return this.value(changelog, type, 'avro', 'write');
  }

  private schemaId(
    topic: string,
    part: 'key' | 'value',
    type: AvroType,
    use: SerdeUse,
  ): Promise<number> {
    return use === 'write'
      ? this.cache.register(this.schemas, { topic, part, type, unchecked: !this.shared(topic) })
      : this.cache.find(this.schemas, topic, part, type);
  }
}
