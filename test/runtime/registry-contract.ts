import { describe, expect, test } from 'vitest';
import type { ManagedRegistry } from '../../runtime/ports.ts';

/** The contract of a schema registry. */
export function describeRegistryContract(
  title: string,
  open: () => Promise<ManagedRegistry>,
): void {
  describe(`${title}: registry contract`, () => {
    test('gives ids above 0 and gives the schema back', async () => {
      const registry = await open();
      const text = await registry.register(name('orders-value'), '"string"');
      const long = await registry.register(name('orders-key'), '"long"');
      expect(Math.min(text, long)).toBeGreaterThan(0);
      expect(await registry.schema(text)).toBe('"string"');
      expect(await registry.schema(long)).toBe('"long"');
      expect(await registry.schema(2 ** 31 - 1)).toBeUndefined();
    });

    test('gives one schema one id in all subjects', async () => {
      const registry = await open();
      const [a, b] = [name('a'), name('b')];
      const text = await registry.register(a, '"string"');
      expect(await registry.register(b, '"string"')).toBe(text);
      const int = await registry.register(b, '"int"', { unchecked: true });
      expect(int).not.toBe(text);
      expect(await registry.versions(a)).toEqual([[1, text]]);
      expect(await registry.versions(b)).toEqual([
        [1, text],
        [2, int],
      ]);
    });

    test('adds no version for a schema that the subject has', async () => {
      const registry = await open();
      const a = name('a');
      const text = await registry.register(a, '"string"');
      const int = await registry.register(a, '"int"', { unchecked: true });
      expect(await registry.register(a, '"string"')).toBe(text);
      expect(await registry.versions(a)).toEqual([
        [1, text],
        [2, int],
      ]);
    });

    test('lists subjects by name, and none for an unknown one', async () => {
      const registry = await open();
      const [a, b] = [name('a'), name('b')];
      await registry.register(b, '"string"');
      await registry.register(a, '"string"');
      const subjects = await registry.subjects();
      expect(subjects.filter((subject) => [a, b].includes(subject))).toEqual([a, b]);
      expect(await registry.versions(name('c'))).toEqual([]);
    });

    test('takes schemas longer than any key', async () => {
      const registry = await open();
      const schema = JSON.stringify({ type: 'enum', name: 'E', symbols: ['x'.repeat(5_000)] });
      const id = await registry.register(name('a'), schema);
      expect(await registry.schema(id)).toBe(schema);
    });

    test('checks a schema as the mode of its subject says, and names the mode that refuses it', async () => {
      const registry = await open();
      const subject = name('modes');
      const id = await registry.register(subject, record('a'));
      await registry.setCompatibility('BACKWARD', subject);
      expect(await registry.compatibility(subject)).toEqual({ mode: 'BACKWARD', own: true });
      expect(await registry.incompatibilities(subject, record('a', 'b'))).not.toEqual([]);
      expect(await registry.incompatibilities(subject, record('a', 'b?'))).toEqual([]);
      await expect(registry.register(subject, record('a', 'b'))).rejects.toMatchObject({
        code: 'SCHEMA_REFUSED',
        message: expect.stringContaining(`subject "${subject}" under BACKWARD`) as string,
      });
      await registry.setCompatibility('FORWARD', subject);
      expect(await registry.incompatibilities(subject, record('a', 'b'))).toEqual([]);
      await registry.setCompatibility('NONE', subject);
      const other = await registry.register(subject, '"string"');
      expect(await registry.versions(subject)).toEqual([
        [1, id],
        [2, other],
      ]);
    });

    test('takes what it is told to take unchecked', async () => {
      const registry = await open();
      const subject = name('unchecked');
      await registry.setCompatibility('FULL', subject);
      const one = await registry.register(subject, '"string"', { unchecked: true });
      const two = await registry.register(subject, record('a'), { unchecked: true });
      expect(await registry.versions(subject)).toEqual([
        [1, one],
        [2, two],
      ]);
    });

    test('compares with all versions under a transitive mode, else with the last', async () => {
      const registry = await open();
      const subject = name('transitive');
      await registry.register(subject, record('a'));
      await registry.register(subject, record('a', 'b?'));
      // A reader with b and no default reads what has b, the first version has not.
      await registry.setCompatibility('BACKWARD', subject);
      expect(await registry.incompatibilities(subject, record('a', 'b'))).toEqual([]);
      await registry.setCompatibility('BACKWARD_TRANSITIVE', subject);
      expect(await registry.incompatibilities(subject, record('a', 'b'))).not.toEqual([]);
    });

    test('refuses what is no Avro schema', async () => {
      const registry = await open();
      const broken = '{"type":"record","name":"R","fields":[{"name":"a","type":"nothing"}]}';
      await expect(registry.register(name('broken'), broken)).rejects.toMatchObject({
        code: 'SCHEMA_INVALID',
      });
    });

    test.each([
      ['', '""'],
      ['a\u0000', '"a\\u0000"'],
      ['s'.repeat(1001), `"${'s'.repeat(40)}…"`],
    ])('takes no subject %j, which would stand for all or for none', async (subject, shown) => {
      const registry = await open();
      const wanted = {
        code: 'SUBJECT_NAME',
        message: `${shown} cannot be a subject: a name has 1 to 1000 bytes and no control characters`,
      };
      const before = await registry.compatibility();
      await expect(registry.register(subject, record('a'))).rejects.toMatchObject(wanted);
      await expect(registry.setCompatibility('NONE', subject)).rejects.toMatchObject(wanted);
      expect(await registry.compatibility()).toEqual(before);
    });

    test('keeps the id of a soft-deleted version, and compares nothing with it', async () => {
      const registry = await open();
      const subject = name('deleted');
      await registry.setCompatibility('BACKWARD', subject);
      const one = await registry.register(subject, record('a'));
      expect(await registry.softDelete(subject, 1)).toEqual([1]);
      expect(await registry.versions(subject)).toEqual([]);
      expect(await registry.schema(one)).toBe(record('a'));
      const two = await registry.register(subject, '"string"');
      expect((await registry.versions(subject)).map(([, id]) => id)).toEqual([two]);
      await expect(registry.softDelete(subject, 9)).rejects.toMatchObject({
        code: 'VERSION_UNKNOWN',
      });
      await expect(registry.softDelete(name('nobody'))).rejects.toMatchObject({
        code: 'SUBJECT_UNKNOWN',
      });
    });

    test('puts in what a schema refers to', async () => {
      const registry = await open();
      const [inner, outer] = [name('inner'), name('outer')];
      await registry.register(
        inner,
        '{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"cents","type":"long"}]}',
      );
      const schema =
        '{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"total","type":"shop.Money"},{"name":"paid","type":"shop.Money"}]}';
      const references = [{ name: 'shop.Money', subject: inner, version: 1 }];
      const id = await registry.register(outer, schema, { references });
      expect(await registry.registered(id)).toEqual({ schema, references });
      const whole = JSON.parse((await registry.schema(id)) as string) as {
        fields: readonly { type: unknown }[];
      };
      expect(whole.fields.map(({ type }) => type)).toEqual([
        {
          type: 'record',
          name: 'shop.Money',
          fields: [{ name: 'cents', type: 'long' }],
        },
        'shop.Money',
      ]);
    });
  });
}

/** Subjects of a test: a registry may be shared by several. */
let tests = 0;
function name(word: string): string {
  return `${word}-${run}-${++tests}`;
}
const run = `${process.pid}-${performance.now().toString(36).replace('.', '')}`;

/** A record of text fields; those with a question mark have a default. */
export function record(...fields: readonly string[]): string {
  return JSON.stringify({
    type: 'record',
    name: 'R',
    fields: fields.map((field) =>
      field.endsWith('?')
        ? { name: field.slice(0, -1), type: 'string', default: '' }
        : { name: field, type: 'string' },
    ),
  });
}
