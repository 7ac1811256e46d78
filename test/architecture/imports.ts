import { posix } from 'node:path';

/** A source file: path from the root of the repository, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** What a file imports: a file of ours by its path from the root, or a package or built-in by name. */
export interface Import {
  readonly from: string;
  readonly line: number;
  /** Path from the root of the repository; undefined for packages and built-ins. */
  readonly file?: string;
  /** `rxjs` for `rxjs/operators`, `@scope/name`, `node:fs` for `node:fs/promises`. */
  readonly package?: string;
}

const forms = [
  /^[ \t]*(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'/gm,
  /^[ \t]*import\s*'([^']+)'/gm,
  /\bimport\s*\(\s*'([^']+)'/g,
];

/** All imports and re-exports of a file, type-only and dynamic ones included, by line. */
export function importsOf(file: SourceFile): Import[] {
  const text = withoutComments(file.text).replaceAll(/"(?:[^"\\\n]|\\.)*"/g, blank);
  const found: Import[] = [];
  for (const form of forms) {
    for (const match of text.matchAll(form)) {
      const specifier = match[1] as string;
      const at = match.index + match[0].lastIndexOf(specifier);
      const line = text.slice(0, at).split('\n').length;
      found.push({ line, ...target(file.path, specifier) });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** The text with comments blanked; lines and columns stay. Strings are left as they are. */
export function withoutComments(text: string): string {
  const tokens = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return text.replaceAll(tokens, (token) => (token.startsWith('/') ? blank(token) : token));
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

function target(importer: string, specifier: string): Omit<Import, 'line'> {
  if (specifier.startsWith('.')) {
    return { from: specifier, file: posix.join(posix.dirname(importer), specifier) };
  }
  const parts = specifier.split('/');
  const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string);
  return { from: specifier, package: name };
}

/**
 * Import cycles, each once, as the paths on it in order, starting with the alphabetically first.
 * Type-only imports count.
 */
export function importCycles(files: readonly SourceFile[]): string[][] {
  const edges = new Map(
    files.map((file) => [file.path, importsOf(file).flatMap(({ file: to }) => to ?? [])]),
  );
  const cycles = new Map<string, string[]>();
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const cycle = trail.slice(start);
      const first = cycle.indexOf([...cycle].sort()[0] as string);
      const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
      cycles.set(turned.join(' '), turned);
      return;
    }
    if (done.has(path)) return;
    for (const next of edges.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of [...edges.keys()].sort()) visit(path, []);
  return [...cycles.values()];
}
