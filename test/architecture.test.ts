import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { importsOf, type SourceFile } from './architecture/imports.ts';
import { violations } from './architecture/rules.ts';

const root = new URL('..', import.meta.url);

function sourceFiles(): SourceFile[] {
  const patterns = ['topology', 'processors', 'schemas', 'runtime', 'test', 'bench'];
  return globSync(
    patterns.map((folder) => `${folder}/**/*.ts`),
    { cwd: root },
  ).map((path) => ({
    path: path.replaceAll('\\', '/'),
    text: readFileSync(new URL(path, root), 'utf8'),
  }));
}

/** Breaches of made-up files: path → text. */
function breaches(files: Readonly<Record<string, string>>): string[] {
  return violations(Object.entries(files).map(([path, text]) => ({ path, text })));
}

describe('the repository', () => {
  test('keeps to its architecture', () => {
    const files = sourceFiles();
    expect(files.length).toBeGreaterThan(200);
    expect(violations(files)).toEqual([]);
  });
});

describe('violations', () => {
  test('finds nothing where imports go down', () => {
    expect(
      breaches({
        'topology/core/a.ts': 'export const a = 1;\n',
        'processors/b.ts': "import { a } from '../topology/core/a.ts';\nimport 'rxjs';\n",
        'runtime/app/c.ts': "import { b } from '../../processors/b.ts';\nimport 'node:fs';\n",
      }),
    ).toEqual([]);
  });

  test('finds an import that goes up, type-only and over several lines', () => {
    expect(
      breaches({
        'topology/core/a.ts': "import type {\n  B,\n} from '../plan/b.ts';\n",
        'schemas/c.ts': "export { b } from '../topology/plan/b.ts';\n",
        'topology/plan/b.ts': "const b = await import('../../runtime/ports.ts');\n",
      }),
    ).toEqual([
      'schemas/c.ts:1: imports topology/plan/b.ts: schemas may not',
      'topology/core/a.ts:3: imports topology/plan/b.ts: topology/core may not',
      'topology/plan/b.ts:1: imports runtime/ports.ts: topology/plan may not',
    ]);
  });

  test.each([
    ['processors/a.ts', 'yaml'],
    ['topology/graph/a.ts', '@marcbachmann/cel-js'],
    ['runtime/engine/a.ts', 'rxjs/operators'],
    ['runtime/app/a.ts', 'avsc'],
    ['schemas/a.ts', 'lmdb'],
    ['processors/a.ts', 'node:fs/promises'],
    ['topology/a.ts', 'node:http'],
    ['runtime/app/a.ts', 'commander'],
    ['runtime/testing/a.ts', 'vitest'],
  ])('finds in %s an import of %s', (path, name) => {
    expect(breaches({ [path]: `import '${name}';\n` })).toEqual([
      expect.stringContaining(`${path}:1: `),
    ]);
  });

  test('lets the order system import what it needs', () => {
    expect(
      breaches({
        'processors/orders/a.ts': "import 'node:http';\nimport '../../schemas/orders/b.ts';\n",
        'schemas/orders/b.ts': 'setTimeout(() => {}, 1);\n',
      }),
    ).toEqual([]);
  });

  test('finds machinery that imports the order system, the command line or a test', () => {
    expect(
      breaches({
        'runtime/app/a.ts':
          "import '../orders/b.ts';\nimport '../cli/c.ts';\nimport '../../test/d.ts';\n",
        'runtime/orders/b.ts': "import '../cli/c.ts';\n",
      }),
    ).toEqual([
      'runtime/app/a.ts:1: imports runtime/orders/b.ts: the order system',
      'runtime/app/a.ts:2: imports runtime/cli/c.ts: nothing imports runtime/cli',
      'runtime/app/a.ts:3: imports test/d.ts: a test',
      'runtime/orders/b.ts:1: imports runtime/cli/c.ts: nothing imports runtime/cli',
    ]);
  });

  test('finds a cycle of type-only imports', () => {
    expect(
      breaches({
        'topology/core/a.ts': "import type { B } from './b.ts';\n",
        'topology/core/b.ts': "export type { C } from './c.ts';\n",
        'topology/core/c.ts': "type A = import('./a.ts').A;\n",
      }),
    ).toEqual([
      'topology/core/a.ts: cycle topology/core/a.ts -> topology/core/b.ts -> topology/core/c.ts',
    ]);
  });

  test('finds an import of the own index and one without an extension', () => {
    expect(breaches({ 'schemas/a.ts': "import './index.ts';\nimport './b';\n" })).toEqual([
      'schemas/a.ts:1: imports the index.ts of its own folder',
      'schemas/a.ts:2: import path "./b" has no .ts at its end',
    ]);
  });

  test('finds clock reads, timers and unseeded randomness outside the system clock', () => {
    const text = 'Date.now();\nnew Date();\nsetTimeout(f, 1);\nMath.random();\nnew Date(5);\n';
    expect(
      breaches({ 'runtime/engine/a.ts': text, 'runtime/app/system-clock.ts': 'Date.now();\n' }),
    ).toEqual([
      'runtime/engine/a.ts:1: reads a clock or sets a timer: take a Clock',
      'runtime/engine/a.ts:2: reads a clock or sets a timer: take a Clock',
      'runtime/engine/a.ts:3: reads a clock or sets a timer: take a Clock',
      'runtime/engine/a.ts:4: unseeded randomness',
    ]);
  });

  test('finds default exports, names in camelCase and files that are too long', () => {
    expect(
      breaches({
        'topology/core/aB.ts': 'export default 1;\n',
        'topology/core/long.ts': '\n'.repeat(401),
        'topology/core/longest.ts': '\n'.repeat(400),
        'test/long.test.ts': '\n'.repeat(501),
        'test/longest.test.ts': '\n'.repeat(500),
      }),
    ).toEqual([
      'test/long.test.ts: 501 lines, at most 500',
      'topology/core/aB.ts: file names are kebab-case',
      'topology/core/aB.ts:1: default export',
      'topology/core/long.ts: 401 lines, at most 400',
    ]);
  });
});

describe('importsOf', () => {
  test('does not take comments and texts for imports', () => {
    const text = [
      "/* import './a.ts'; */",
      "// import './b.ts';",
      "const url = 'http://x'; // from './c.ts'",
      `const text = "import('./e.ts')";`,
      "import d from './d.ts';",
    ].join('\n');
    expect(importsOf({ path: 'schemas/x.ts', text }).map(({ file, line }) => [file, line])).toEqual(
      [['schemas/d.ts', 5]],
    );
  });
});
