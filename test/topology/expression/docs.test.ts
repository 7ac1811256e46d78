import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ProcessingError } from '../../../topology/core/errors.ts';
import type { AvroRecord, AvroType } from '../../../topology/core/avro.ts';
import { functions, timeParts } from '../../../topology/expression/functions.ts';
import { bindings, catalog, optional, record, run, state, types } from './shop-scope.ts';

const text = readFileSync(new URL('../../../docs/expressions.md', import.meta.url), 'utf8');

function blocks(language: string): string[] {
  const pattern = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g');
  return [...text.matchAll(pattern)].map((match) => match[1] as string);
}

interface WrittenField {
  readonly name: string;
  readonly type: WrittenType;
}

type WrittenType =
  | string
  | readonly string[]
  | {
      readonly type: string;
      readonly logicalType?: string;
      readonly name?: string;
      readonly symbols?: readonly string[];
      readonly items?: WrittenType;
      readonly values?: WrittenType;
      readonly fields?: readonly WrittenField[];
    };

function read(type: WrittenType): AvroType {
  if (typeof type === 'string') return types[type as keyof typeof types];
  if (!('type' in type)) return optional(read(type[1] as string));
  switch (type.type) {
    case 'record': {
      const fields = (type.fields ?? []).map((field) => [field.name, read(field.type)]);
      return record(type.name as string, Object.fromEntries(fields) as Record<string, AvroType>);
    }
    case 'enum':
      return { kind: 'enum', name: type.name as string, symbols: type.symbols as string[] };
    case 'array':
      return { kind: 'array', items: read(type.items as WrittenType) };
    case 'map':
      return { kind: 'map', values: read(type.values as WrittenType) };
    default:
      return type.logicalType === 'timestamp-millis' ? types.millis : read(type.type);
  }
}

const order = read(JSON.parse(blocks('avro')[0] as string) as WrittenType) as AvroRecord;
const value: unknown = JSON.parse(blocks('json')[0] as string);
const scope = { catalog, variables: { key: types.string, value: order }, metadata: true };

const examples = blocks('cel')
  .flatMap((block) => block.trim().split('\n'))
  .map((line) => line.split(/\s+\/\/ /) as [expression: string, result: string]);

describe('docs/expressions.md', () => {
  test.each(examples)('%s is %s', (expression, result) => {
    const bound = { ...bindings(), value };
    if (!result.startsWith('fails: ')) {
      expect(run(expression, bound, undefined, scope)).toEqual(JSON.parse(result));
      return;
    }
    let code = 'no failure';
    try {
      run(expression, bound, undefined, scope);
    } catch (error) {
      ({ code } = error as ProcessingError);
    }
    expect(`fails: ${code}`).toBe(result);
  });

  test('names every function there is', () => {
    const names = new Set([...functions.map(({ name }) => name), ...Object.keys(timeParts)]);
    const missing = [...names].filter((name) => !text.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });

  test('speaks of the enum that the catalog has', () => {
    expect(order.fields.find(({ name }) => name === 'state')?.type).toEqual(state);
  });
});
