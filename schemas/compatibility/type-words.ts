import type { ParsedSchema } from './parsed-schema.ts';

/** A schema in few words, as messages name it: `bytes (decimal of 6 digits, 2 after the point)`, `array<shop.Line>`, `null | string`. */
export function typeWords(schema: ParsedSchema): string {
  switch (schema.kind) {
    case 'record':
    case 'enum':
      return schema.name;
    case 'fixed':
      return `${schema.name}${logicalWords(schema)}`;
    case 'array':
      return `array<${typeWords(schema.items)}>`;
    case 'map':
      return `map<${typeWords(schema.values)}>`;
    case 'union':
      return schema.branches.map(typeWords).join(' | ');
    default:
      return `${schema.kind}${logicalWords(schema)}`;
  }
}

interface Logical {
  readonly logical?: string;
  readonly precision?: number;
  readonly scale?: number;
}

function logicalWords({ logical, precision, scale }: Logical): string {
  if (logical === undefined) return '';
  const digits = precision === undefined ? '' : ` of ${precision} digits, ${scale} after the point`;
  return ` (${logical}${digits})`;
}

/** A name without its namespace. */
export function shortNameOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
