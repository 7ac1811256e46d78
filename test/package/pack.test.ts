import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
/** Packing builds, installing asks a registry or the cache of npm. */
const slowMs = 240_000;

/** Node that runs the tests first, as the user of a new Node has it, and no folder of this repository. */
const path = [
  dirname(process.execPath),
  ...(process.env['PATH'] ?? '').split(':').filter((folder) => !folder.startsWith(root)),
].join(':');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

describe('the package, installed in an empty project', () => {
  let project: string;
  let files: readonly string[];

  async function command(name: string, ...args: readonly string[]): Promise<Ended> {
    const env = { ...process.env, PATH: path };
    try {
      return { code: 0, ...(await run(name, args, { cwd: project, env })) };
    } catch (error) {
      const { code, stdout, stderr } = error as Ended;
      return { code, stdout, stderr };
    }
  }

  beforeAll(async () => {
    project = mkdtempSync(join(tmpdir(), 'millrace-package-'));
    cpSync(new URL('project', import.meta.url), project, { recursive: true });
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', project], {
      cwd: root,
      env: { ...process.env, npm_config_loglevel: 'error' },
    });
    const [packed] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as {
      readonly filename: string;
      readonly files: readonly { readonly path: string }[];
    }[];
    files = (packed?.files ?? []).map((file) => file.path);
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
    const types = ['typescript', '@types/node'].map(
      (name) => `${name}@${manifest.devDependencies[name]}`,
    );
    const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
    const tarball = `./${packed?.filename}`;
    const installed = await command('npm', 'install', ...quiet, tarball, ...types);
    expect(installed).toMatchObject({ code: 0, stderr: '' });
  }, slowMs);

  afterAll(() => rmSync(project, { recursive: true, force: true }), slowMs);

  test('holds built code, types and documents, and nothing of tests, benchmarks and orders', () => {
    const others = files.filter((file) => !/^(dist|docs)\//.test(file));
    expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
    const built = files.filter((file) => file.startsWith('dist/'));
    expect(built.filter((file) => !/\.(js|d\.ts)$/.test(file))).toEqual([]);
    expect(files.filter((file) => /(^|\/)(test|bench|orders)\//.test(file))).toEqual([]);
  });

  test('checks a topology file with a processor in TypeScript and one in JavaScript', async () => {
    expect(await command('npx', 'millrace', 'check', 'words.yaml')).toEqual({
      code: 0,
      stdout: 'words.yaml: no problems\n',
      stderr: '',
    });
  });

  test('runs it on records that were put in through the package', async () => {
    expect(await command('node', 'send.ts')).toMatchObject({ code: 0, stderr: '' });
    const ran = await command('npx', 'millrace', 'run', 'words.yaml', '--until-caught-up');
    expect(ran).toMatchObject({ code: 0 });
    expect(ran.stderr).toContain('application "words" has caught up: 3 records');
    const read = await command('npx', 'millrace', 'topics', 'read', 'words.shouted');
    const records = read.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Shown);
    expect(records.map(({ key, value }) => [key, value])).toEqual([
      ['a', { text: 'HELLO!', length: 6 }],
      ['c', { text: 'WORLD!', length: 6 }],
    ]);
  });

  test('is tested with its test driver by a plain script', async () => {
    expect(await command('node', 'driver.ts')).toEqual({ code: 0, stdout: 'HELLO!\n', stderr: '' });
  });

  test('offers each of its entry points and nothing else', async () => {
    const entries = Object.keys(manifest.exports).map((entry) => entry.replace('.', 'millrace'));
    expect(entries.sort()).toEqual([
      'millrace',
      'millrace/processors',
      'millrace/schemas',
      'millrace/testing',
      'millrace/topology',
    ]);
    for (const entry of entries) {
      const imported = `const m = await import('${entry}'); console.log(Object.keys(m).length > 0)`;
      expect(await command('node', '--input-type=module', '-e', imported), entry).toEqual({
        code: 0,
        stdout: 'true\n',
        stderr: '',
      });
    }
    const inner = readdirSync(join(project, 'node_modules/millrace/dist/runtime'));
    expect(inner).toContain('ports.js');
    for (const deep of [
      'millrace/dist/runtime/ports.js',
      'millrace/runtime',
      'millrace/package.json',
    ]) {
      const refused = await command('node', '--input-type=module', '-e', `await import('${deep}')`);
      expect(refused.code, deep).toBe(1);
      expect(refused.stderr, deep).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
    }
  });

  test('has types that the TypeScript compiler takes without skipping its files', async () => {
    expect(await command('npx', 'tsc', '-p', '.')).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

interface Shown {
  readonly key: string;
  readonly value: { readonly text: string; readonly length: number };
}
