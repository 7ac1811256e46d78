import { posix } from 'node:path';
import { importCycles, importsOf, type SourceFile, withoutComments } from './imports.ts';

/** Longest file, lines: source, and tests. */
const maxLines = { source: 400, test: 500 };

/** Folder → folders of ours that it may import besides itself. The longest prefix of a path counts. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'topology/core': [],
  'topology/definition': ['topology/core'],
  'topology/expression': ['topology/core'],
  'topology/yaml': ['topology/core', 'topology/definition'],
  'topology/dsl': ['topology/core', 'topology/definition'],
  'topology/check': ['topology/core', 'topology/definition'],
  'topology/graph': ['topology/core', 'topology/definition', 'topology/expression'],
  'topology/plan': ['topology/core', 'topology/definition', 'topology/graph'],
  topology: ['topology'],
  processors: ['topology'],
  schemas: ['topology/core'],
  'runtime/ports.ts': ['topology/core', 'schemas/index.ts'],
  'runtime/http-listen.ts': ['topology/core'],
  'runtime/tls-options.ts': ['topology/core'],
  'runtime/codec': ['topology/core', 'schemas/serde.ts'],
  'runtime/mapped': ['topology/core'],
  'runtime/log': ['topology/core', 'runtime/ports.ts', 'runtime/codec'],
  'runtime/registry': [
    'topology/core',
    'schemas',
    'runtime/ports.ts',
    'runtime/http-listen.ts',
    'runtime/pause.ts',
    'runtime/tls-options.ts',
  ],
  'runtime/memory': [
    'topology/core',
    'runtime/ports.ts',
    'runtime/codec',
    'runtime/log',
    'runtime/registry',
  ],
  'runtime/embedded': [
    'topology/core',
    'runtime/ports.ts',
    'runtime/codec',
    'runtime/log',
    'runtime/mapped',
    'runtime/registry',
  ],
  'runtime/state': ['topology', 'processors', 'schemas', 'runtime/ports.ts', 'runtime/mapped'],
  'runtime/calls': [
    'topology',
    'processors',
    'schemas',
    'runtime/ports.ts',
    'runtime/tls-options.ts',
    'runtime/plain-json.ts',
    'runtime/codec',
    'runtime/state',
  ],
  'runtime/task': [
    'topology',
    'processors',
    'schemas',
    'runtime/ports.ts',
    'runtime/codec',
    'runtime/state',
    'runtime/calls',
  ],
  'runtime/engine': [
    'topology',
    'processors',
    'schemas',
    'runtime/logger.ts',
    'runtime/ports.ts',
    'runtime/codec',
    'runtime/state',
    'runtime/calls',
    'runtime/task',
  ],
  runtime: ['topology', 'processors', 'schemas', 'runtime'],
  bench: ['topology', 'processors', 'schemas', 'runtime', 'bench'],
  test: ['topology', 'processors', 'schemas', 'runtime', 'bench', 'test'],
};

/** Package or built-in → the only folders that may import it. Others are free. */
const onlyIn: Readonly<Record<string, readonly string[]>> = {
  yaml: ['topology'],
  '@marcbachmann/cel-js': ['topology/expression'],
  rxjs: ['processors', 'runtime/task'],
  avsc: ['schemas'],
  '@kafkajs/confluent-schema-registry': ['schemas/registry'],
  lmdb: ['runtime'],
  '@node-rs/crc32': ['runtime'],
  commander: ['runtime/cli'],
  'node:fs': ['runtime'],
  'node:http': ['runtime'],
  'node:child_process': ['runtime'],
  'node:timers': ['runtime'],
  'node:net': ['runtime'],
  'node:os': ['runtime'],
  'node:path': ['runtime'],
  'node:process': ['runtime'],
  vitest: [],
  'fast-check': [],
};

/** Reads of a clock and timers, and where they may stand. */
const clockReads =
  /\bDate\.now\s*\(|\bnew Date\(\s*\)|\bperformance\.|\bset(?:Timeout|Interval)\s*\(/g;
const clockFolders = ['runtime/app/system-clock.ts', 'runtime/cli'];

const machineryRoots = ['topology', 'processors', 'schemas', 'runtime'];

/** True for the order system: application code, which the table of packages does not bind. */
function isOrders(path: string): boolean {
  return /^(topology|processors|schemas|runtime)\/orders\//.test(path);
}

/** True for what machinery is made of: neither the order system, nor tests, nor benchmarks. */
function isMachinery(path: string): boolean {
  return !isOrders(path) && machineryRoots.some((root) => isIn(path, root));
}

function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** `file:line` and what is wrong there, for every breach of the architecture (design, section 3). */
export function violations(files: readonly SourceFile[]): string[] {
  const found = files.flatMap((file) => [...checkImports(file), ...checkText(file)]);
  const cycles = importCycles(files).map((cycle) => `${cycle[0]}: cycle ${cycle.join(' -> ')}`);
  return [...found, ...cycles].sort();
}

function checkImports(file: SourceFile): string[] {
  const { path } = file;
  const found: string[] = [];
  for (const { from, line, file: target, package: name } of importsOf(file)) {
    const say = (what: string): number => found.push(`${path}:${line}: ${what}`);
    if (target !== undefined) {
      if (target === posix.join(posix.dirname(path), 'index.ts')) {
        say(`imports the index.ts of its own folder`);
      }
      const wrong = wrongTarget(path, target);
      if (wrong !== undefined) say(wrong);
      if (!/\.(ts|json)$/.test(target)) say(`import path "${from}" has no .ts at its end`);
    } else if (name !== undefined && isMachinery(path)) {
      const allowed = onlyIn[name];
      if (allowed !== undefined && !allowed.some((folder) => isIn(path, folder))) {
        say(`${name} may be imported only in ${allowed.join(', ') || 'tests'}`);
      }
    }
  }
  return found;
}

function wrongTarget(path: string, target: string): string | undefined {
  if (isIn(target, 'test') && !isIn(path, 'test')) return `imports ${target}: a test`;
  if (isIn(target, 'runtime/cli') && !isIn(path, 'runtime/cli') && !isIn(path, 'test')) {
    return `imports ${target}: nothing imports runtime/cli`;
  }
  if (isOrders(target) && isMachinery(path)) return `imports ${target}: the order system`;
  if (isOrders(path)) return undefined;
  const folder = longestPrefix(path);
  if (folder === undefined || isIn(target, folder)) return undefined;
  if (mayImport[folder]?.some((allowed) => isIn(target, allowed))) return undefined;
  return `imports ${target}: ${folder} may not`;
}

function longestPrefix(path: string): string | undefined {
  return Object.keys(mayImport)
    .filter((folder) => isIn(path, folder))
    .reduce<string | undefined>(
      (a, b) => (a !== undefined && a.length > b.length ? a : b),
      undefined,
    );
}

function checkText({ path, text }: SourceFile): string[] {
  const found: string[] = [];
  const lines = text.split('\n').length - 1;
  const max = isIn(path, 'test') ? maxLines.test : maxLines.source;
  if (lines > max) found.push(`${path}: ${lines} lines, at most ${max}`);
  const code = withoutComments(text);
  const report = (pattern: RegExp, what: string): void => {
    for (const { index } of code.matchAll(pattern)) {
      found.push(`${path}:${code.slice(0, index).split('\n').length}: ${what}`);
    }
  };
  if (path.includes('/')) report(/^export default\b/gm, 'default export');
  if (isMachinery(path) && !clockFolders.some((folder) => isIn(path, folder))) {
    report(clockReads, 'reads a clock or sets a timer: take a Clock');
    report(/\bMath\.random\b/g, 'unseeded randomness');
  }
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.d|\.config)?\.ts$/.test(posix.basename(path))) {
    found.push(`${path}: file names are kebab-case`);
  }
  return found;
}
