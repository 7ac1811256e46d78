import type { Field } from '../../topology/definition/field.ts';
import { wrongKind } from '../../topology/definition/fields.ts';

const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  KiB: 1024,
  MB: 1000 ** 2,
  MiB: 1024 ** 2,
  GB: 1000 ** 3,
  GiB: 1024 ** 3,
};

/** Bytes: a whole number, or one with a unit. */
export const size: Field<number> = {
  read(node, at) {
    const expected = 'a size like 64MiB';
    if (node.kind !== 'scalar' || node.text === '') return wrongKind(node, at, expected);
    const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([kKMG]i?B|B)?$/.exec(node.text) ?? [];
    const bytes = Number(amount) * (units[unit ?? 'B'] ?? Number.NaN);
    if (Number.isSafeInteger(bytes) && bytes > 0) {
      at.mark(node);
      return bytes;
    }
    at.error('E012', node.span, `"${node.text}" is no size`, {
      suggestion: 'write it like 65536, 512KiB, 64MiB, 2GiB',
    });
    return undefined;
  },
  schema: { type: ['integer', 'string'], pattern: '^\\d+(\\.\\d+)? ?([kKMG]i?B|B)?$' },
  type: 'size',
  tables: [],
};
