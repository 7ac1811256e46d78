import { durationMs } from '../core/duration.ts';
import { namePattern, topicPattern } from '../core/names.ts';
import { nearestName } from '../core/problem.ts';
import type { Field, JsonSchema } from './field.ts';
import type { Place } from './place.ts';
import type { Written, WrittenScalar } from './written.ts';
import { describeWritten } from './written.ts';

const typePattern = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;
const refPattern = /^[a-z][a-z0-9-]*(?:\.[A-Za-z][\w-]*)?$/;
const functionPattern = /^[a-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*$/;
const durationSchema = '^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$';

/** Reports that something else stands here than was expected. */
export function wrongKind(node: Written, at: Place, expected: string): undefined {
  if (node.kind === 'scalar' && node.style === 'broken') return undefined;
  at.error('E002', pointAt(node, at), `expected ${expected}, found ${describeWritten(node)}`);
  return undefined;
}

/**
 * Where to point for a value that is wrong as a whole: nothing and large things are shown at their
 * key.
 */
function pointAt(node: Written, at: Place): readonly [number, number] {
  if (node.kind === 'scalar' && node.style !== 'empty') return node.span;
  return at.key?.span ?? node.span;
}

/** The scalar's text, if it is one and says something. */
export function scalarText(node: Written, at: Place, expected: string): string | undefined {
  if (node.kind !== 'scalar' || node.text === '') {
    return wrongKind(node, at, expected);
  }
  at.mark(node);
  return node.text;
}

/** Any text. Numbers and booleans count as the text that was written. */
export const text: Field<string> = {
  read: (node, at) => scalarText(node, at, 'a text'),
  schema: { type: ['string', 'number', 'boolean'] },
  type: 'text',
  tables: [],
};

interface TextForm {
  readonly type: string;
  readonly pattern: RegExp;
  /** Continues `"x" is no …`. */
  readonly is: string;
  readonly code: string;
  /** A text of the right form that is probably meant. */
  readonly repair?: (text: string) => string;
}

/**
 * A text of a given form. One of the wrong form is reported and kept, so that what refers to it is
 * not reported, too.
 */
function textOf(form: TextForm): Field<string> {
  return {
    read(node, at) {
      const value = scalarText(node, at, `a ${form.type}`);
      if (value !== undefined && !form.pattern.test(value)) reportForm(node, at, value, form);
      return value;
    },
    schema: { type: 'string', pattern: form.pattern.source },
    type: form.type,
    tables: [],
  };
}

function reportForm(node: Written, at: Place, value: string, form: TextForm): void {
  const repaired = form.repair?.(value);
  const usable = repaired !== undefined && repaired !== value && form.pattern.test(repaired);
  const report = usable ? { suggestion: `write "${repaired}"` } : {};
  at.error(form.code, node.span, `"${value}" is no ${form.is}`, report);
}

const nameForm: TextForm = {
  type: 'name',
  pattern: namePattern,
  is: 'name: names are lower-case words and digits joined by "-"',
  code: 'E008',
  repair: kebab,
};

function kebab(value: string): string {
  return value
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

/** A name that the author gives: of a stage, stream, store, output. */
export const name = textOf(nameForm);

/** Reports a map key that is not a name. */
export function checkName(key: WrittenScalar, at: Place): void {
  if (!namePattern.test(key.text)) reportForm(key, at, key.text, nameForm);
}

/** A Kafka topic. */
export const topic = textOf({
  type: 'topic',
  pattern: topicPattern,
  is: 'topic: 1 to 249 letters, digits, ".", "_" and "-"',
  code: 'E009',
});

/** An Avro type by its full name, or a primitive. */
export const typeName = textOf({
  type: 'Avro type',
  pattern: typePattern,
  is: 'Avro type: a full name such as shop.Order, or a primitive such as string or long',
  code: 'E009',
});

/** A stream, table, stage, or `stage.output`. */
export const ref = textOf({
  type: 'reference',
  pattern: refPattern,
  is: 'reference: the name of a stream, table or stage, or stage.output',
  code: 'E009',
});

/** A function of the processors folder, by the name of its file. */
export const functionName = textOf({
  type: 'function',
  pattern: functionPattern,
  is: 'function: the kebab-case name of a file in the processors folder, without .ts',
  code: 'E009',
});

/** A folder, relative to the topology file. */
export const folder: Field<string> = { ...text, type: 'folder', schema: { type: 'string' } };

/** A whole number within bounds, both included. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): Field<number> {
  const bounded = max < Number.MAX_SAFE_INTEGER;
  const range = bounded ? `from ${min} to ${max}` : `of at least ${min}`;
  return {
    read(node, at) {
      if (node.kind !== 'scalar' || typeof node.value !== 'number') {
        return wrongKind(node, at, `a whole number ${range}`);
      }
      if (!Number.isInteger(node.value) || node.value < min || node.value > max) {
        at.error('E012', node.span, `${node.text} is no whole number ${range}`);
        return undefined;
      }
      at.mark(node);
      return node.value;
    },
    schema: { type: 'integer', minimum: min, ...(bounded ? { maximum: max } : {}) },
    type: `whole number ${range}`,
    tables: [],
  };
}

/** `true` or `false`. */
export const boolean: Field<boolean> = {
  read(node, at) {
    if (node.kind !== 'scalar' || typeof node.value !== 'boolean') {
      return wrongKind(node, at, 'true or false');
    }
    at.mark(node);
    return node.value;
  },
  schema: { type: 'boolean' },
  type: '`true` or `false`',
  tables: [],
};

/** Only `true`: the key says it all, and absence is its opposite. */
export const onlyTrue: Field<true> = {
  read(node, at) {
    if (node.kind !== 'scalar' || node.value !== true) return wrongKind(node, at, 'true');
    at.mark(node);
    return true;
  },
  schema: { const: true },
  type: '`true`',
  tables: [],
};

/** One of a few words. `later` are words of a later issue: recognised, not supported. */
export function choice<const V extends string>(
  options: readonly V[],
  later: readonly string[] = [],
): Field<V> {
  return {
    read(node, at) {
      const value = scalarText(node, at, `one of ${options.join(', ')}`);
      if (value === undefined) return undefined;
      const found = options.find((option) => option === value);
      if (found !== undefined) return found;
      if (later.includes(value)) {
        at.error('E090', node.span, `"${value}" is not supported yet`);
        return undefined;
      }
      const near = nearestName(value, options);
      const report = near === undefined ? {} : { suggestion: `did you mean "${near}"?` };
      at.error('E010', node.span, `"${value}" is none of ${options.join(', ')}`, report);
      return undefined;
    },
    schema: { enum: options },
    type: options.map((option) => `\`${option}\``).join(' \\| '),
    tables: [],
  };
}

/** A duration in whole ms, or one of a few words that stand for one. */
export function duration<const Words extends readonly string[]>(
  ...words: Words
): Field<number | Words[number]> {
  const schema: JsonSchema = { type: 'string', pattern: durationSchema };
  const alternatives = words.map((word) => `"${word}"`).join(' or ');
  return {
    read(node, at) {
      const expected = `a duration${words.length === 0 ? '' : ` or ${alternatives}`}`;
      const value = scalarText(node, at, expected);
      if (value === undefined) return undefined;
      const word = words.find((candidate): candidate is Words[number] => candidate === value);
      if (word !== undefined) return word;
      const ms = durationMs(value);
      if (ms !== undefined) return ms;
      const near = nearestName(value, words);
      at.error('E011', node.span, `"${value}" is no duration`, {
        suggestion:
          near === undefined ? durationHint(value, alternatives) : `did you mean "${near}"?`,
      });
      return undefined;
    },
    schema: words.length === 0 ? schema : { anyOf: [schema, { enum: words }] },
    type: ['duration', ...words.map((word) => `\`${word}\``)].join(' \\| '),
    tables: [],
  };
}

function durationHint(value: string, alternatives: string): string {
  if (/^\d+$/.test(value)) return `say the unit: ${value}ms, ${value}s, ${value}m, …`;
  return `write it like 250ms, 5s, 1m30s, 24h, 7d${alternatives === '' ? '' : `, or ${alternatives}`}`;
}
