import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  readRunnerFile,
  type RunnerSettings,
  runnerTable,
} from '../../../runtime/app/runner-file.ts';
import { compileEngineOptions } from '../../../runtime/engine/engine-options.ts';
import type { TableDoc } from '../../../topology/definition/field.ts';
import { projects } from '../cli/project.ts';

const project = projects();
const docs = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');

function read(text: string, environment: Record<string, string> = {}): RunnerSettings {
  const file = join(project({}), 'millrace.yaml');
  writeFileSync(file, text);
  return readRunnerFile(file, environment);
}

function problems(text: string, environment: Record<string, string> = {}): string {
  try {
    read(text, environment);
  } catch (error) {
    return (error as Error).message.replace(/\S*millrace\.yaml/g, 'millrace.yaml');
  }
  throw new Error('it was taken');
}

describe('readRunnerFile', () => {
  test('takes an empty file, and none at all in the working directory', () => {
    expect(read('# nothing yet\n')).toEqual({ options: {} });
    expect(readRunnerFile(undefined, {})).toEqual({ options: {} });
  });

  test('takes every key, durations and sizes with units', () => {
    const { data, ...rest } = read(`data: ../data
sync: interval
commit: { interval: 1m30s, max-rate: 20, max-bytes: 512KiB }
max-task-idle: 5s
max-future: unlimited
stage-budget: 10s
batch-records: 500
store-cache: 1.5GiB
fetch-bytes: 2 MB
max-open-calls: 7
random-cuts: { seed: 3 }
`);
    expect(data).toMatch(/^\/.*\/data$/);
    expect(rest).toEqual({
      sync: 'interval',
      options: {
        commit: { interval: 90_000, 'max-rate': 20, 'max-bytes': 524_288 },
        'max-task-idle': 5000,
        'max-future': 'unlimited',
        'stage-budget': 10_000,
        'batch-records': 500,
        'store-cache': 1_610_612_736,
        'fetch-bytes': 2_000_000,
        'max-open-calls': 7,
        'random-cuts': { seed: 3 },
      },
    });
  });

  test('takes -1 for max-task-idle', () => {
    expect(read('max-task-idle: -1\n').options).toEqual({ 'max-task-idle': -1 });
  });

  test('puts environment variables in, as the numbers and texts that they are', () => {
    const text = 'data: ${ROOT}/${NAME}\nbatch-records: ${BATCH}\nsync: "${SYNC}"\n';
    const environment = { ROOT: '/var', NAME: 'x y', BATCH: '50', SYNC: 'never' };
    expect(read(text, environment)).toEqual({
      data: '/var/x y',
      sync: 'never',
      options: { 'batch-records': 50 },
    });
  });

  test('takes an empty variable for a text that is missing', () => {
    expect(problems('data: ${X}\n', { X: '' })).toContain('error[E002] expected a text');
  });

  test('leaves $${ as ${', () => {
    expect(read('data: /a/$${X}\n').data).toBe('/a/${X}');
  });

  test('reports a variable that is not set, once, at its place', () => {
    expect(problems('sync: never\nbatch-records: ${BATCH}\n')).toBe(
      `the runner file has problems:

millrace.yaml:2:16 error[R001] environment variable "BATCH" is not set
    2 | batch-records: \${BATCH}
      |                ^^^^^^^^

1 error`,
    );
  });

  test.each([
    ['dta: x', 'error[E003] unknown key "dta"'],
    ['commit: { max-rte: 1 }', 'did you mean "max-rate"?'],
    ['store-cache: 0', 'error[E012] "0" is no size'],
    ['store-cache: 1 XB', 'error[E012] "1 XB" is no size'],
    ['store-cache: [1]', 'error[E002] expected a size like 64MiB, found a list'],
    ['max-task-idle: -2', 'error[E011] "-2" is no duration'],
    ['random-cuts: {}', 'error[E006] missing key "seed"'],
    ['- a', 'expected a map'],
  ])('refuses %s', (text, message) => {
    expect(problems(`${text}\n`)).toContain(message);
  });

  test('says when the file cannot be read', () => {
    expect(() => readRunnerFile('/no/such/millrace.yaml', {})).toThrow(
      'cannot read the runner file /no/such/millrace.yaml: there is no such file; check the path',
    );
  });
});

describe('docs/configuration.md', () => {
  const tables = (table: TableDoc): TableDoc[] => [table, ...table.nested.flatMap(tables)];
  const all = runnerTable.tables.flatMap(tables);

  test.each(
    all.flatMap(({ rows }) =>
      rows.map(({ key, type, required, default: absent, doc }) => {
        const otherwise = required ? '**required**' : (absent ?? '');
        return `| \`${key}\` | ${type} | ${otherwise} | ${doc} |`;
      }),
    ),
  )('has the row %s', (row) => {
    const squeezed = docs.replace(/ +\|/g, ' |').replace(/\| +/g, '| ');
    expect(squeezed).toContain(row.replace(/ +\|/g, ' |').replace(/\| +/g, '| '));
  });

  test('has examples that are taken', () => {
    const examples = [...docs.matchAll(/```yaml\n([\s\S]*?)```/g)].map(
      ([, yaml]) => yaml as string,
    );
    expect(examples.length).toBeGreaterThan(0);
    for (const yaml of examples) read(yaml, { DATA_DIR: '/var/lib/millrace' });
  });

  test('says the defaults that hold', () => {
    const lines = all.flatMap(({ title, rows }) =>
      rows.flatMap(({ key, default: absent }) => {
        if (absent === undefined) return [];
        const line = `${key}: ${absent.replaceAll('`', '')}`;
        return [title === 'commit' ? `commit: { ${line} }` : line];
      }),
    );
    const options = lines.map((line) => read(`${line}\n`).options);
    const merged = options.reduce((a, b) => ({ ...a, ...b, commit: { ...a.commit, ...b.commit } }));
    expect(compileEngineOptions(merged)).toEqual(compileEngineOptions());
  });
});
