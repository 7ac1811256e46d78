import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { ConfigError } from '../../../topology/core/errors.ts';
import { shortPath } from '../short-path.ts';

/** Files of the working directory, or of a revision of it. Paths are as the working directory has them. */
export interface FileTree {
  /**
   * Text of a file.
   * @throws {ConfigError} SCHEMA_FILE where there is none
   */
  read(path: string): string;
  /** Names in a folder, sorted; none where it is not there. */
  list(folder: string): readonly string[];
  /** How a path is called in messages. */
  name(path: string): string;
}

/** The files as they are. */
export const diskTree: FileTree = {
  read: (path) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? 'there is no such file' : `${code}`;
      throw new ConfigError('SCHEMA_FILE', `cannot read ${path}: ${why}`, { cause: error });
    }
  },
  list: (folder) =>
    existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder).sort() : [],
  name: (path) => shortPath(resolve(path)),
};

/**
 * The files as a revision of git has them: a branch, a tag, a commit.
 * @throws {ConfigError} GIT_REVISION where there is no git, or no such revision
 */
export function gitTree(revision: string): FileTree {
  git(
    ['rev-parse', '--verify', '--quiet', `${revision}^{commit}`],
    () =>
      new ConfigError(
        'GIT_REVISION',
        `git knows no revision "${revision}" here: name a branch, a tag or a commit (a shallow clone has only its last ones)`,
      ),
  );
  const at = (path: string): string =>
    `${revision}:./${relative(process.cwd(), resolve(path)).replaceAll('\\', '/')}`;
  return {
    read: (path) =>
      git(
        ['show', at(path)],
        () => new ConfigError('SCHEMA_FILE', `revision ${revision} has no file ${path}`),
      ),
    list: (folder) => {
      try {
        // Without -z git quotes what is not ASCII.
        return git(['ls-tree', '-z', '--name-only', at(folder)], (cause) => cause)
          .split('\0')
          .filter((name) => name !== '')
          .sort();
      } catch {
        return [];
      }
    },
    name: (path) => `git:${revision}:${path}`,
  };
}

function git(args: readonly string[], failure: (cause: unknown) => unknown): string {
  try {
    return execFileSync('git', args, {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new ConfigError('GIT_REVISION', 'there is no git on this machine: install it', {
        cause: error,
      });
    }
    throw failure(error);
  }
}

/** The `.avsc` files of a folder. */
export function schemaFiles(
  tree: FileTree,
  folder: string,
): readonly { readonly file: string; readonly text: string }[] {
  return tree
    .list(folder)
    .filter((name) => name.endsWith('.avsc'))
    .map((name) => {
      const path = join(folder, name);
      return { file: tree.name(path), text: tree.read(path) };
    });
}
