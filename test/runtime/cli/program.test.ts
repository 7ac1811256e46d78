import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readFileSync } from 'node:fs';
import { fileProblemCodes } from '../../../runtime/app/codes.ts';
import { inProcess } from './in-process.ts';

const orders = fileURLToPath(new URL('../../../topology/orders/orders.yaml', import.meta.url));
const golden = '../../golden';

const commands = [
  ['check'],
  ['describe'],
  ['dlq'],
  ['dlq', 'list'],
  ['dlq', 'show'],
  ['dlq', 'redrive'],
  ['dlq', 'discard'],
  ['explain'],
  ['run'],
  ['status'],
  ['topics'],
  ['topics', 'list'],
  ['topics', 'read'],
  ['reset'],
  ['schema'],
  ['schema', 'json'],
];

describe('millrace', () => {
  test.each([[], ...commands].map((words) => [words.join(' '), words] as const))(
    '%s --help ends with an example and exit code 0',
    async (_, words) => {
      const { code, stdout, stderr } = await inProcess(...words, '--help');
      expect(code).toBe(0);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^Usage: millrace/);
      expect(stdout).toMatch(new RegExp(`Example:\n {2}\\$ millrace ${words[0] ?? ''}`));
    },
  );

  test('--version prints the version', async () => {
    expect(await inProcess('--version')).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });

  test.each([
    [['chek', 'x.yaml'], "error: unknown command 'chek'\n(Did you mean check?)\n"],
    [['check'], "error: missing required argument 'file'\n"],
    [
      ['run', 'x.yaml', '--snyc', 'never'],
      "error: unknown option '--snyc'\n(Did you mean --sync?)\n",
    ],
    [
      ['run', 'x.yaml', '--sync', 'always'],
      "error: option '--sync <mode>' argument 'always' is invalid. Allowed choices are commit, interval, never.\n",
    ],
    [
      ['run', 'x.yaml', '--data', ''],
      "error: option '--data <dir>' argument '' is invalid. name a folder\n",
    ],
    [
      ['topics', 'read', 't', '--from', 'yesterday'],
      "error: option '--from <place>' argument 'yesterday' is invalid. give earliest, latest, an offset, or a time like 2017-01-31T12:00:00Z\n",
    ],
    [
      ['topics', 'read', 't', '--from', 'latest'],
      'error: "--from latest" begins after the last record: add --follow\n',
    ],
    [['reset'], 'error: name the application or its topology file, or say --all\n'],
    [['reset', 'a', '--all'], 'error: give an application or --all, not both\n'],
    [['explain', 'E03'], 'error: there is no code "E03": did you mean E003?\n'],
    [['explain', 'nonsense'], 'error: there is no code "nonsense": "millrace explain" lists all\n'],
  ])('%j is wrong usage', async (args, stderr) => {
    expect(await inProcess(...args)).toEqual({ code: 2, stdout: '', stderr });
  });
});

describe('check', () => {
  test('finds nothing in the order system', async () => {
    expect(await inProcess('check', orders)).toEqual({
      code: 0,
      stdout: 'topology/orders/orders.yaml: no problems\n',
      stderr: '',
    });
    expect(await inProcess('check', orders, '--json')).toEqual({
      code: 0,
      stdout: '[]\n',
      stderr: '',
    });
  });
});

describe('check of several files', () => {
  test('reports those that can be read, and names those that cannot', async () => {
    const { code, stdout, stderr } = await inProcess('check', 'a.yaml', orders, 'b.yaml');
    expect(code).toBe(3);
    expect(stdout).toBe('topology/orders/orders.yaml: no problems\n');
    const line = (file: string): string =>
      `error[TOPOLOGY_FILE] cannot read ${file}: there is no such file; check the path\n`;
    expect(stderr).toBe(line('b.yaml') + line('a.yaml'));
  });
});

describe('describe', () => {
  test.each([
    ['text', 'txt'],
    ['json', 'json'],
    ['mermaid', 'mmd'],
  ])('prints the plan as %s', async (format, extension) => {
    const { code, stdout } = await inProcess('describe', orders, '--format', format);
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot(`${golden}/cli/describe-orders.${extension}`);
  });

  test('--json is short for --format json', async () => {
    const short = await inProcess('describe', orders, '--json');
    expect(short).toEqual(await inProcess('describe', orders, '--format', 'json'));
  });
});

describe('schema json', () => {
  test('prints a schema that the order system fits', async () => {
    const { code, stdout } = await inProcess('schema', 'json');
    expect(code).toBe(0);
    const validate = new Ajv({ strict: false }).compile(JSON.parse(stdout) as object);
    validate(parse(readFileSync(orders, 'utf8')));
    expect(validate.errors).toBeNull();
  });
});

describe('explain', () => {
  test('prints title, explanation and example of a code, in any case', async () => {
    const { code, stdout } = await inProcess('explain', 's003');
    expect(code).toBe(0);
    expect(stdout).toBe(`S003: unknown type in a schema

The schema refers to a type that no .avsc file of the folder defines. Names
without a namespace are looked up in the namespace around them.

    "type": "shop.Lin"      # shop.Line
`);
  });

  test('without a code lists all of them', async () => {
    const { stdout } = await inProcess('explain');
    expect(stdout.match(/^[EFLRSW]\d{3} {2}.+$/gm)).toHaveLength(
      Object.keys(fileProblemCodes).length,
    );
  });

  test('prints JSON', async () => {
    const { stdout } = await inProcess('explain', 'F002', '--json');
    expect(JSON.parse(stdout)).toEqual({ code: 'F002', ...fileProblemCodes['F002'] });
  });
});
