import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { functionFile } from './processors.ts';

/** Endings tried for an import that names no file as it stands. */
const endings = ['', '.ts', '.mts', '.js', '.mjs', '/index.ts', '/index.js'];
/** `from './x.ts'`, `import './x.ts'`, `import('./x.ts')`, `require('./x')`. */
const importPattern = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;

/**
 * Hash of the code of each function of the processors folder: its file, and the files of the
 * project that it imports, theirs included. Packages count by name only. A function whose file is not
 * there has none.
 */
export function functionHashes(
  names: readonly string[],
  folder: string | undefined,
): ReadonlyMap<string, string> {
  const hashes = new Map<string, string>();
  if (folder === undefined) return hashes;
  const texts = new Map<string, string>();
  for (const name of names) {
    const file = functionFile(name, folder);
    if (file !== undefined) hashes.set(name, hashOf(file, folder, texts));
  }
  return hashes;
}

function hashOf(file: string, folder: string, texts: Map<string, string>): string {
  const hash = createHash('sha256');
  for (const path of reachable(file, texts)) {
    // Relative: a project means the same wherever it lies.
    hash.update(`${relative(folder, path).replaceAll('\\', '/')}\0${texts.get(path) ?? ''}\0`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** The file and all files of the project that it imports, sorted. */
function reachable(file: string, texts: Map<string, string>): readonly string[] {
  const found = new Set([file]);
  for (const path of found) {
    let text = texts.get(path);
    if (text === undefined) texts.set(path, (text = readFileSync(path, 'utf8')));
    for (const [, target] of text.matchAll(importPattern)) {
      const imported = fileAt(resolve(dirname(path), target as string));
      if (imported !== undefined) found.add(imported);
    }
  }
  return [...found].sort();
}

function fileAt(path: string): string | undefined {
  return endings
    .map((ending) => path + ending)
    .find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
}
