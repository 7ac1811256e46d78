import { readdirSync, readFileSync } from 'node:fs';
import { loadCatalog, resolves } from '../../../../schemas/index.ts';
import { check } from '../../../../topology/graph/check.ts';
import { compareManifests } from '../../../../topology/plan/compare/compare.ts';
import { type Difference, differenceText } from '../../../../topology/plan/compare/difference.ts';
import { type Manifest, manifestOf } from '../../../../topology/plan/compare/manifest.ts';
import { plan } from '../../../../topology/plan/planner.ts';
import { parseTopology } from '../../../../topology/yaml/parse.ts';

const root = new URL('../../../../', import.meta.url);

/** The shipped topology, as text. */
export const orders: string = readFileSync(new URL('topology/orders/orders.yaml', root), 'utf8');

const schemaFolder = new URL('schemas/orders/', root);
const schemaFiles = readdirSync(schemaFolder)
  .filter((name) => name.endsWith('.avsc'))
  .map((file) => ({ file, text: readFileSync(new URL(file, schemaFolder), 'utf8') }));

/** Edits of a project: of the topology's text, of schema files, of the hashes of functions. */
export interface Edit {
  readonly topology?: (text: string) => string;
  readonly schemas?: Readonly<Record<string, (text: string) => string>>;
  readonly functions?: Readonly<Record<string, string>>;
}

/** Replaces a text that must be there. */
export function swap(from: string, to: string): (text: string) => string {
  return (text) => {
    if (!text.includes(from)) throw new Error(`there is no ${from}`);
    return text.replaceAll(from, to);
  };
}

/** The manifest of a topology's text, edited; what is wrong where the edit makes problems. */
export function tryManifest(
  text: string,
  edit: Edit = {},
  previous?: Manifest['subTopologies'],
): Manifest | string {
  const files = schemaFiles.map(({ file, text: schema }) => ({
    file,
    text: edit.schemas?.[file]?.(schema) ?? schema,
  }));
  const { catalog, problems } = loadCatalog(files);
  const parsed = parseTopology(edit.topology?.(text) ?? text, 'edited.yaml');
  const { graph, problems: found = [] } =
    parsed.definition === undefined ? {} : check(parsed.definition, catalog);
  const errors = [...parsed.problems, ...found].filter(({ severity }) => severity === 'error');
  if (graph === undefined || problems.length + errors.length > 0) {
    return [...problems, ...errors].map(({ message }) => message).join('; ');
  }
  return manifestOf(plan(graph, previous === undefined ? {} : { previous }), {
    schemaOf: (type) => catalog.canonicalSchema(type),
    functions: new Map(Object.entries({ reserve: 'r1', payments: 'p1', ...edit.functions })),
  });
}

export function manifest(
  text: string,
  edit: Edit = {},
  previous?: Manifest['subTopologies'],
): Manifest {
  const made = tryManifest(text, edit, previous);
  if (typeof made === 'string') throw new Error(made);
  return made;
}

export function compare(old: Manifest, next: Manifest): readonly Difference[] {
  return compareManifests(old, next, resolves);
}

/** What an edit of the shipped topology comes to, line by line. */
export function verdicts(edit: Edit): readonly string[] {
  const old = manifest(orders);
  return compare(old, manifest(orders, edit, old.subTopologies)).map(differenceText);
}
