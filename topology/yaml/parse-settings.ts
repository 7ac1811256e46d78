import type { Problem } from '../core/problem.ts';
import type { Field } from '../definition/field.ts';
import { newReading, Place } from '../definition/place.ts';
import type { SourceMap } from '../definition/source-map.ts';
import { sourceMap } from '../definition/source-map.ts';
import type { Written, WrittenScalar } from '../definition/written.ts';
import { readYaml } from './read-yaml.ts';

/** What came of reading a file of settings. */
export interface ParsedSettings<T> {
  /** Absent if the text is no YAML or its root no map. Do not use it while there are problems. */
  readonly value?: T;
  /** In the order of the file. */
  readonly problems: readonly Problem[];
  readonly source: SourceMap;
}

/** How a file of settings is read. */
export interface SettingsOptions<T> {
  /** What may stand in it. */
  readonly field: Field<T>;
  /** Value of an environment variable; undefined: it is not set. */
  readonly variable: (name: string) => string | undefined;
}

/**
 * Reads a YAML file of settings by a table of its keys: in the same dialect as topology files, with
 * the same problems, and beyond them with `${NAME}` for environment variables in values (R001 where
 * one is not set; `$${` stands for `${`). Never throws for what an author wrote.
 *
 * `file` is how the file is called in messages.
 */
export function parseSettings<T>(
  text: string,
  file: string,
  options: SettingsOptions<T>,
): ParsedSettings<T> {
  const reading = newReading();
  const root = new Place(reading, []);
  const written = readYaml(text, root);
  const value =
    written === undefined
      ? undefined
      : options.field.read(substituted(written, root, options.variable), root);
  return {
    ...(value === undefined ? {} : { value }),
    problems: reading.problems.toSorted((a, b) => (a.span?.[0] ?? 0) - (b.span?.[0] ?? 0)),
    source: sourceMap(file, text, reading.marks),
  };
}

type Variable = SettingsOptions<unknown>['variable'];

function substituted(node: Written, at: Place, variable: Variable): Written {
  if (node.kind === 'scalar') {
    return node.text.includes('${') ? substitutedScalar(node, at, variable) : node;
  }
  if (node.kind === 'list') {
    return { ...node, items: node.items.map((item) => substituted(item, at, variable)) };
  }
  const entries = node.entries.map(({ key, value }) => ({
    key,
    value: substituted(value, at, variable),
  }));
  return { ...node, entries };
}

function substitutedScalar(node: WrittenScalar, at: Place, variable: Variable): WrittenScalar {
  let broken = false;
  const text = node.text.replace(/\$\$\{|\$\{([^}]*)\}/g, (whole, name: string | undefined) => {
    if (name === undefined) return '${';
    const value = variable(name);
    if (value !== undefined) return value;
    at.error('R001', node.span, `environment variable "${name}" is not set`);
    broken = true;
    return whole;
  });
  const offsets = (): undefined => undefined;
  if (broken) return { ...node, text: '', value: null, style: 'broken', offsets };
  const value = node.style === 'plain' ? plainValue(text) : text;
  return { ...node, text, value, offsets, fromEnvironment: /^\$\{[^}]*\}$/.test(node.text) };
}

/** What YAML would make of the text if it stood in the file: numbers and booleans stay such. */
function plainValue(text: string): string | number | boolean {
  if (/^[-+]?\d+(?:\.\d+)?$/.test(text)) return Number(text);
  return text === 'true' || (text !== 'false' && text);
}
