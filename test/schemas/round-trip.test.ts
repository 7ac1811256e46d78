import avsc from 'avsc';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { avroSerde, loadCatalog } from '../../schemas/index.ts';
import { allShapes, build, plainShapes, type Shape } from './random-schemas.ts';

/** A record that holds the shape, and a value of it. */
function recordOf(shapes: fc.Arbitrary<Shape>) {
  return shapes.chain((shape) => {
    const { schema, values } = build({ kind: 'record', fields: [shape] });
    return values.map((value) => ({ schema, value }));
  });
}

function serdeOf(schema: unknown) {
  const { catalog, problems } = loadCatalog([{ file: 'r.avsc', text: JSON.stringify(schema) }]);
  expect(problems).toEqual([]);
  const resolver = { schemaText: (): undefined => undefined };
  return avroSerde(catalog, 't.R1', { schemaId: 1, resolver });
}

const buffer = Buffer.alloc(64 * 1024);

describe('avroSerde, for any schema', () => {
  test('reads what it wrote', () => {
    fc.assert(
      fc.property(recordOf(allShapes), ({ schema, value }) => {
        const serde = serdeOf(schema);
        const end = serde.write(value, buffer, 3);
        expect(serde.read(buffer, 3, end)).toStrictEqual(value);
      }),
      { seed: 6, numRuns: 400 },
    );
  });

  test('says what it needs, then fits', () => {
    fc.assert(
      fc.property(recordOf(allShapes), fc.nat(40), ({ schema, value }, room) => {
        const serde = serdeOf(schema);
        const size = serde.write(value, buffer, 0);
        const answer = serde.write(value, Buffer.alloc(room), 0);
        expect(answer >= 0).toBe(size <= room);
        if (answer < 0) {
          expect(-1 - answer).toBeGreaterThan(room);
          expect(-1 - answer).toBeLessThanOrEqual(size);
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  test('writes the bytes that bare avsc writes, where values are the same', () => {
    fc.assert(
      fc.property(recordOf(plainShapes), ({ schema, value }) => {
        const serde = serdeOf(schema);
        const end = serde.write(value, buffer, 0);
        const bare = avsc.Type.forSchema(schema as avsc.Schema, { wrapUnions: 'auto' });
        expect(buffer.subarray(5, end)).toEqual(bare.toBuffer(value));
      }),
      { seed: 8, numRuns: 300 },
    );
  });
});
