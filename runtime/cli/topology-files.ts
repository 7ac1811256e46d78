import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nameOf } from '../app/runner/in-this-process.ts';
import { runnerFileName } from '../app/runner-file.ts';
import { UsageError } from './failure.ts';

/**
 * The topology files that arguments mean: a folder stands for the `.yaml` and `.yml` files in it, in order of name, a runner file left out.
 * @throws {UsageError} for a folder without any, and for two files of one application
 */
export function topologyFiles(named: readonly string[]): readonly string[] {
  const files = named.flatMap(filesOf);
  if (files.length > 1) refuseTwins(files);
  return files;
}

function filesOf(path: string): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const names = readdirSync(path).filter(
    (name) => /\.ya?ml$/.test(name) && name !== runnerFileName,
  );
  if (names.length > 0) return names.sort().map((name) => join(path, name));
  throw new UsageError(`folder "${path}" holds no topology file: name another one, or files`);
}

function refuseTwins(files: readonly string[]): void {
  const seen = new Map<string, string>();
  for (const file of files) {
    const name = nameOf(file);
    const before = seen.get(name);
    if (before !== undefined) {
      throw new UsageError(
        `application "${name}" is in ${before} and in ${file}: run one of them, or give them different names`,
      );
    }
    seen.set(name, file);
  }
}
