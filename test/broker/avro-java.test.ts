import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { avroSerde, loadCatalog } from '../../schemas/index.ts';
import { evolve } from '../schemas/evolved.ts';
import { allShapes, build, plainShapes, type Shape } from '../schemas/random-schemas.ts';
import { registryFolder } from './harness/artifacts.ts';
import { fastStart } from './harness/java.ts';
import { requireJava } from './harness/require.ts';
import { run } from './harness/run.ts';

requireJava();

const buffer = Buffer.alloc(64 * 1024);
const headerBytes = 5;

interface Case {
  readonly writer: unknown;
  readonly reader: unknown;
  readonly value: unknown;
}

function serdeOf(schema: unknown, schemaId: number, other?: unknown) {
  const { catalog } = loadCatalog([{ file: 'x.avsc', text: JSON.stringify(schema) }]);
  const resolver = { schemaText: () => JSON.stringify(other) };
  return avroSerde(catalog, (schema as { name: string }).name, { schemaId, resolver });
}

function written({ writer, value }: Case): Buffer {
  return Buffer.from(buffer.subarray(0, serdeOf(writer, 1).write(value, buffer, 0)));
}

/** What Java reads and writes again, without its header. */
async function throughJava(cases: readonly Case[]): Promise<string[]> {
  const base64 = (schema: unknown): string =>
    Buffer.from(JSON.stringify(schema)).toString('base64');
  const lines = cases.map((it) => {
    const bytes = written(it).toString('hex', headerBytes);
    return `${base64(it.writer)} ${base64(it.reader)} ${bytes}\n`;
  });
  // The library of Avro comes with the registry's.
  const jars = join(await registryFolder(), 'lib', '*');
  const program = fileURLToPath(new URL('java/AvroResolution.java', import.meta.url));
  const { code, stdout, stderr } = await run('java', [...fastStart, '-cp', jars, program], {
    input: lines.join(''),
  });
  if (code !== 0) throw new Error(stderr);
  return stdout.trimEnd().split('\n');
}

/** Avro for Java 1.12.0 keeps lists of doubles as floats (`PrimitivesArrays.DoubleArray`). */
function isSound({ reader }: Case): boolean {
  return !JSON.stringify(reader).includes('"items":"double"');
}

/** Values as Java gave them to the reader's schema, and as we do. */
async function compare(cases: readonly Case[]): Promise<void> {
  expect(cases.length).toBeGreaterThan(100);
  const answers = await throughJava(cases);
  expect(answers).toHaveLength(cases.length);
  for (const [i, it] of cases.entries()) {
    expect(answers[i], JSON.stringify(it.reader)).not.toMatch(/^error/);
    const bytes = Buffer.from(`0000000002${answers[i]}`, 'hex');
    const ours = written(it);
    const reader = serdeOf(it.reader, 2, it.writer);
    expect(reader.read(bytes, 0, bytes.length)).toEqual(reader.read(ours, 0, ours.length));
  }
}

function samples(shapes: fc.Arbitrary<Shape>, seed: number): Case[] {
  const cases = shapes.chain((shape) => {
    const { schema, values } = build({ kind: 'record', fields: [shape, shape] });
    return values.map((value) => ({ writer: schema, reader: schema, value }));
  });
  return fc.sample(cases, { seed, numRuns: 300 });
}

test('Avro for Java reads what we write of any schema, and we what it writes', async () => {
  await compare(samples(allShapes, 11).filter(isSound));
});

test('Avro for Java resolves as we do what a changed schema reads', async () => {
  const cases = samples(plainShapes, 12).map((it, i) => {
    let at = i;
    const { schema: reader } = evolve(it.writer, (bound) => (at = (at * 31 + 17) % 10_007) % bound);
    return { ...it, reader };
  });
  // When it reads, Java minds the namespaces of enums and fixed types, which its own check does not.
  const sameNames = cases.filter(({ reader }) => !JSON.stringify(reader).includes('elsewhere.'));
  await compare(sameNames.filter(isSound));
});
