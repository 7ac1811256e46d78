import { describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../../runtime/codec/batch-builder.ts';
import { RecordBatchReader } from '../../../runtime/codec/batch-reader.ts';
import { Scratch } from '../../../runtime/codec/scratch.ts';
import { recordDecoder } from '../../../runtime/engine/record-decoder.ts';
import { SchemaCache } from '../../../runtime/engine/schema-cache.ts';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import { type Change, changeSerde } from '../../../runtime/task/change-serde.ts';
import { SchemaPending } from '../../../runtime/task/partition-queue.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';
import { avroSerde, loadCatalog, stringSerde } from '../../../schemas/index.ts';

const { catalog } = loadCatalog([]);

describe('recordDecoder of changes', () => {
  test.each<[string, Change]>([
    ['a row', { old: undefined, value: 2 }],
    ['a row that is new', { old: null, value: 2 }],
    ['a row that was another', { old: 1, value: 2 }],
    ['a row that is gone', { old: 1, value: null }],
    ['a row that is no longer here', { old: 1, value: undefined }],
  ])('waits for the schema that a newer member wrote %s with', async (_, change) => {
    const registry = new MemoryRegistry();
    const own = await registry.register('changes', '"long"');
    const newer = await registry.register('changes', '"int"', { unchecked: true });
    const cache = new SchemaCache(registry, new ManualClock());
    const resolver = cache;
    const written = changeSerde(avroSerde(catalog, 'int', { schemaId: newer, resolver }));
    const valueSerde = avroSerde(catalog, 'long', { schemaId: own, resolver });
    const changes = changeSerde(valueSerde);
    const decode = recordDecoder({ keySerde: stringSerde, valueSerde, changes, cache });
    const builder = new RecordBatchBuilder();
    builder.appendPair(1, Buffer.from('k'), new Scratch().bytesOf(written, change), []);
    const reader = new RecordBatchReader();
    reader.open(builder.finish());
    reader.next();
    let pending: unknown;
    try {
      decode(reader, 'changes', 0);
    } catch (error) {
      pending = error;
    }
    expect(pending).toBeInstanceOf(SchemaPending);
    expect((pending as SchemaPending).schemaId).toBe(newer);
    await cache.load(newer);
    const { value, old } = decode(reader, 'changes', 0);
    expect({ value, old }).toEqual(change);
  });
});
