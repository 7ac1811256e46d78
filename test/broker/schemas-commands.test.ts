import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CliResult } from '../runtime/cli/cli.ts';
import { inProcess } from '../runtime/cli/in-process.ts';
import { projects, words } from '../runtime/cli/project.ts';
import { requireRegistry, uniqueName } from './harness/require.ts';

const shared = requireRegistry();
const project = projects();
const started = process.cwd();
const schema = words['schemas/said.avsc'] as string;
const mood = '{ "name": "mood", "type": "string", "default": "calm" }';
const loudness = '{ "name": "loudness", "type": "int" }';

let folder: string;
/** Subject of what is read, and of what is written. */
let said: string;
let shouted: string;

beforeEach(() => {
  const name = uniqueName('commands');
  [said, shouted] = [`${name}.said-value`, `${name}.shouted-value`];
  folder = project({
    ...words,
    'words.yaml': (words['words.yaml'] as string).replaceAll('topic: s', `topic: ${name}.s`),
    'millrace.yaml': `registry: { url: '${shared().url}' }\n`,
  });
  process.chdir(folder);
});

afterEach(() => process.chdir(started));

function schemas(...args: readonly string[]): Promise<CliResult> {
  return inProcess('schemas', ...args);
}

async function output(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await schemas(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.replaceAll(said, 'SAID').replaceAll(shouted, 'SHOUTED');
}

/** Writes the schema anew, with more fields. */
function edit(...fields: readonly string[]): void {
  const text = schema.replace(
    '"fields": [',
    `"fields": [ ${fields.map((it) => `${it},`).join('')}`,
  );
  writeFileSync(join(folder, 'schemas/said.avsc'), text);
}

interface Listed {
  readonly subject: string;
  readonly versions: number;
  readonly mode: string;
  readonly ownMode: boolean;
}

/** Two versions of what is read, one of what is written. */
async function registered(): Promise<void> {
  await output('register', 'words.yaml');
  edit(mood);
  await output('register', 'schemas/said.avsc', '--subject', said);
}

describe('commands of schemas, of a real registry', () => {
  test('register a schema once, as its subject allows', async () => {
    expect(await output('register', 'words.yaml')).toMatch(
      /SAID +1 +\d+ {2}registered\nSHOUTED +1 +\d+ {2}registered\n$/,
    );
    expect(await output('register', 'words.yaml')).toMatch(
      /SAID +1 +\d+ {2}as it was\nSHOUTED +1 +\d+ {2}as it was\n$/,
    );
    await output('set-compatibility', 'backward', said);
    edit(loudness);
    expect(await schemas('register', 'schemas/said.avsc', '--subject', said)).toMatchObject({
      code: 1,
      stderr:
        `error[SCHEMA_REFUSED] the schema cannot be the next version of subject "${said}" under BACKWARD: ` +
        'it cannot read what version 1 wrote, at `loudness`: the writer does not have it, and it has no default. ' +
        'Change the schema, or the mode of the subject with "millrace schemas set-compatibility"\n',
    });
  });

  test('list subjects, with modes of their own or not', async () => {
    await registered();
    expect(await output('set-compatibility', 'full_transitive', said)).toBe(
      'SAID: FULL_TRANSITIVE\n',
    );
    const listed = JSON.parse((await schemas('list', '--json')).stdout) as readonly Listed[];
    const own = listed.filter(({ subject }) => subject === said || subject === shouted);
    expect(own.toSorted((a, b) => (a.subject < b.subject ? -1 : 1))).toMatchObject([
      { subject: said, versions: 2, mode: 'FULL_TRANSITIVE', ownMode: true },
      { subject: shouted, versions: 1, ownMode: false },
    ]);
  });

  test('set the mode of a subject that has no versions yet, and say so', async () => {
    expect(await schemas('set-compatibility', 'full', said)).toMatchObject({
      code: 0,
      stdout: `${said}: FULL\n`,
      stderr: expect.stringContaining(`"${said}" has no versions yet`) as string,
    });
  });

  test('show versions, schemas and ids', async () => {
    await registered();
    const text = await output('versions', said);
    const [first, second] = [...text.matchAll(/^ +\d+ +(\d+)$/gm)].map(([, id]) => id as string);
    expect(text).toMatch(/^VERSION +ID +STATE\n +1 +\d+\n +2 +\d+\n$/);
    const old = await output('show', `${said}@1`);
    expect(JSON.parse(old)).toEqual(JSON.parse(schema));
    expect(await output('show', '--id', first as string)).toBe(old);
    expect(await output('show', `${said}@latest`)).toBe(
      await output('show', '--id', second as string),
    );
    for (const wrong of [`${said}@9`, 'nobody-value']) {
      expect(await schemas('show', wrong)).toMatchObject({ code: 2, stdout: '' });
    }
  });

  test('say what changes, and judge it', async () => {
    await registered();
    await output('set-compatibility', 'backward', said, shouted);
    edit(mood);
    expect(await output('diff', 'words.yaml')).toBe(
      'SHOUTED of words.yaml, from SHOUTED@1:\n' +
        '  field `mood` added with default "calm": old readers ignore it, new readers fill it in\n' +
        '  backward, new readers of old records: fine\n' +
        '  forward, old readers of new records: fine\n' +
        '  written by loud\n' +
        '\n' +
        '1 more without a difference\n',
    );
    expect(await output('diff', said)).toContain('SAID@2, from SAID@1:');
    expect(await output('check', 'words.yaml')).toBe(
      'SAID of words.yaml: the same as version 2\n' +
        'SHOUTED of words.yaml: BACKWARD allows it after version 1\n',
    );
    edit(loudness);
    const { code, stdout } = await schemas('check', 'words.yaml');
    expect(code).toBe(1);
    expect(stdout).toContain(
      `${said} of words.yaml: BACKWARD does not allow it after version 2\n` +
        '  it cannot read what version 2 wrote: `loudness`: the writer does not have it, and it has no default\n',
    );
  });

  test('take versions out of use', async () => {
    await registered();
    expect(await output('soft-delete', `${said}@1`)).toBe('SAID: version 1 soft-deleted\n');
    expect(await output('versions', said)).toMatch(/\n +1 +\d+ {2}soft-deleted\n +2 +\d+\n$/);
    expect((await schemas('soft-delete', `${said}@1`)).stderr).toContain('VERSION_UNKNOWN');
    expect(await output('soft-delete', said)).toBe('SAID: version 2 soft-deleted\n');
    expect(await schemas('show', said)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[SUBJECT_UNKNOWN]') as string,
    });
    // The numbers of before are not given again.
    expect(await output('register', 'schemas/said.avsc', '--subject', said)).toMatch(
      /SAID +3 +\d+ {2}registered\n$/,
    );
  });

  test('pull a lock, with which "check" and "run" agree', async () => {
    await output('register', 'words.yaml');
    await output('set-compatibility', 'backward', said, shouted);
    expect(await output('pull', 'words.yaml')).toMatch(
      /^schemas\/schemas\.lock\.json: written\n {2}SAID: version 1 is new \(id \d+\)\n {2}SHOUTED: version 1 is new \(id \d+\)\n {2}SAID: read as text\.Said, version 1\n$/,
    );
    expect(JSON.parse(readFileSync('schemas/schemas.lock.json', 'utf8'))).toMatchObject({
      registry: shared().url,
      subjects: { [said]: { mode: 'BACKWARD' }, [shouted]: { mode: 'BACKWARD' } },
    });
    expect((await inProcess('check', 'words.yaml')).stdout).toBe('words.yaml: no problems\n');
    const run = await inProcess('run', 'words.yaml', '--until-caught-up');
    expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining('warn') as string]);
    edit(loudness);
    const { code, stdout } = await inProcess('check', 'words.yaml');
    expect(code).toBe(1);
    expect(stdout).toMatch(/warning\[L003\][^]*error\[L001\][^]*error\[L002\] BACKWARD of/);
  });

  test('run says what the lock lacks, and stops at the lock of another registry', async () => {
    await output('register', 'words.yaml');
    await output('pull', 'words.yaml');
    edit(mood);
    await output('register', 'schemas/said.avsc', '--subject', said);
    edit();
    const run = ['run', 'words.yaml', '--until-caught-up'];
    expect((await inProcess(...run)).stderr).toContain('has version 2 in the registry, which');
    const path = 'schemas/schemas.lock.json';
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"name": "word"', '"name": "term"'));
    writeFileSync('schemas/said.avsc', schema.replace('"name": "word"', '"name": "term"'));
    expect(await inProcess(...run)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('error[LOCK_MISMATCH]') as string,
    });
  });
});
