import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryRegistry } from '../../../../runtime/memory/memory-registry.ts';
import { serve } from '../../registry/served.ts';
import type { CliResult } from '../cli.ts';
import { inProcess } from '../in-process.ts';
import { projects, words } from '../project.ts';

const project = projects();
const started = process.cwd();

let folder: string;
let registry: MemoryRegistry;
let url: string;

beforeEach(async () => {
  folder = project(words);
  process.chdir(folder);
  registry = new MemoryRegistry();
  ({ url } = await serve(registry));
});

afterEach(() => process.chdir(started));

function schemas(...args: readonly string[]): Promise<CliResult> {
  return inProcess('schemas', ...args, '--registry', url);
}

/** Writes shared.avsc anew, with more fields. */
function edit(...fields: readonly object[]): void {
  const own = [
    { name: 'word', type: 'string' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ];
  const schema = { type: 'record', name: 'text.Said', fields: [...own, ...fields] };
  writeFileSync(join(folder, 'schemas/said.avsc'), JSON.stringify(schema, null, 2));
}

const mood = { name: 'mood', type: ['null', 'string'], default: null };
const loudness = { name: 'loudness', type: 'int' };

describe('millrace schemas register', () => {
  test('registers the streams of a topology, once', async () => {
    expect((await schemas('register', 'words.yaml')).stdout).toBe(
      'SUBJECT        VERSION  ID\n' +
        'said-value           1   1  registered\n' +
        'shouted-value        1   1  registered\n',
    );
    expect((await schemas('register', 'words.yaml')).stdout).toContain(
      'said-value           1   1  as it was\n',
    );
  });

  test('registers nothing where one of several schemas is refused', async () => {
    const other = '{"type":"record","name":"text.Said","fields":[{"name":"old","type":"int"}]}';
    await registry.setCompatibility('FULL', 'shouted-value');
    await registry.register('shouted-value', other);
    const { code, stderr } = await schemas('register', 'words.yaml');
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(
        'error[SCHEMA_REFUSED] the schema cannot be the next version of subject "shouted-value"',
      ),
    ]);
    expect(await registry.subjects()).toEqual(['shouted-value']);
    expect(await registry.versions('shouted-value')).toHaveLength(1);
  });

  test('registers a schema file under a subject, and says what the mode refuses', async () => {
    const file = 'schemas/said.avsc';
    await schemas('register', file, '--subject', 'said-value');
    edit(loudness);
    const { code, stderr } = await schemas('register', file, '--subject', 'said-value');
    expect(code).toBe(1);
    expect(stderr).toContain(
      'error[SCHEMA_REFUSED] the schema cannot be the next version of subject "said-value" under BACKWARD: ' +
        'it cannot read what version 1 wrote, at `loudness`: the writer does not have it, and it has no default',
    );
  });

  test('wants to know whose schema a file is', async () => {
    const { code, stderr } = await schemas('register', 'schemas/said.avsc');
    expect([code, stderr]).toEqual([
      2,
      'error: whose schema is schemas/said.avsc? Name its subject with --subject\n',
    ]);
  });
});

describe('millrace schemas … --subject', () => {
  test.each(['check', 'diff', 'register'])('is of no topology: %s', async (command) => {
    expect(await schemas(command, 'words.yaml', '--subject', 'said-value')).toMatchObject({
      code: 2,
      stderr: 'error: --subject is of a schema file, and words.yaml is none\n',
    });
  });
});

describe('the registry of a data folder that is not there yet', () => {
  test('begins with the first schema, or mode, and says so', async () => {
    expect(await inProcess('schemas', 'register', 'words.yaml')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('said-value           1   1  registered\n') as string,
      stderr: '.millrace/data is a new data folder\n',
    });
    expect((await inProcess('schemas', 'register', 'words.yaml')).stderr).toBe('');
    const other = ['set-compatibility', 'full', '--all', '--data', 'other'];
    expect((await inProcess('schemas', ...other)).stderr).toBe('other is a new data folder\n');
    expect((await inProcess('schemas', '--data', 'other')).stdout).toBe(
      'SUBJECT  VERSIONS  ID  MODE\n',
    );
  });

  test.each([[['list']], [['pull', 'words.yaml']], [['versions', 'said-value']]])(
    'is no registry for %s',
    async (words) => {
      const { code, stderr } = await inProcess('schemas', ...words);
      expect([code, stderr]).toEqual([
        3,
        'error[LOG_MISSING] there is no log in ".millrace/data", and so no registry of it: check --data, ' +
          'name another registry with --registry, or begin with "millrace schemas register"\n',
      ]);
    },
  );
});

describe('millrace schemas list, versions, show', () => {
  beforeEach(async () => {
    await schemas('register', 'words.yaml');
    edit(mood);
    await schemas('register', 'schemas/said.avsc', '--subject', 'said-value');
    await registry.setCompatibility('FULL', 'said-value');
  });

  test('lists subjects with versions and modes', async () => {
    expect((await schemas()).stdout).toBe(
      'SUBJECT        VERSIONS  ID  MODE\n' +
        'said-value            2   2  FULL\n' +
        'shouted-value         1   1  (BACKWARD)\n',
    );
    expect(JSON.parse((await schemas('list', '--json')).stdout)).toEqual([
      { subject: 'said-value', versions: 2, latestId: 2, mode: 'FULL', ownMode: true },
      { subject: 'shouted-value', versions: 1, latestId: 1, mode: 'BACKWARD', ownMode: false },
    ]);
  });

  test('lists the versions of a subject, and says where there is none', async () => {
    await registry.softDelete('said-value', 1);
    expect((await schemas('versions', 'said-value')).stdout).toBe(
      'VERSION  ID  STATE\n      1   1  soft-deleted\n      2   2\n',
    );
    const { code, stderr } = await schemas('versions', 'sad-value');
    expect([code, stderr]).toEqual([
      2,
      'error[SUBJECT_UNKNOWN] the registry has no subject "sad-value": "millrace schemas list" lists them\n',
    ]);
  });

  test('shows a version, the last one, an id and a file', async () => {
    const fields = async (...args: readonly string[]): Promise<readonly string[]> => {
      const { stdout } = await schemas('show', ...args);
      const { fields: found } = JSON.parse(stdout) as { fields: readonly { name: string }[] };
      return found.map(({ name }) => name);
    };
    expect(await fields('said-value@1')).toEqual(['word', 'at']);
    expect(await fields('said-value')).toEqual(['word', 'at', 'mood']);
    expect(await fields('said-value@latest')).toEqual(['word', 'at', 'mood']);
    expect(await fields('--id', '1')).toEqual(['word', 'at']);
    expect(await fields('schemas/said.avsc')).toEqual(['word', 'at', 'mood']);
    expect((await schemas('show', 'said-value@7')).stderr).toBe(
      'error[VERSION_UNKNOWN] subject "said-value" has no version 7: "millrace schemas versions said-value" lists them\n',
    );
    expect((await schemas('show', 'said-value@7')).code).toBe(2);
    expect((await schemas('show', '--id', '7')).code).toBe(2);
    expect((await schemas('show')).code).toBe(2);
  });
});

describe('millrace schemas check', () => {
  test('judges what a topology declares by the mode of each subject', async () => {
    await schemas('register', 'words.yaml');
    await registry.setCompatibility('FORWARD', 'shouted-value');
    expect(await schemas('check', 'words.yaml')).toMatchObject({
      code: 0,
      stdout:
        'said-value of words.yaml: the same as version 1\n' +
        'shouted-value of words.yaml: the same as version 1\n',
    });
    edit(loudness);
    expect(await schemas('check', 'words.yaml')).toMatchObject({
      code: 1,
      stdout:
        'said-value of words.yaml: BACKWARD does not allow it after version 1\n' +
        '  it cannot read what version 1 wrote: `loudness`: the writer does not have it, and it has no default\n' +
        'shouted-value of words.yaml: FORWARD allows it after version 1\n',
    });
    expect((await schemas('check', 'words.yaml', '--mode', 'none')).code).toBe(0);
  });

  test('has nothing against a subject that is new', async () => {
    expect((await schemas('check', 'words.yaml', '--json')).stdout).toContain('"verdict": "new"');
  });

  test('compares with a revision of git without any registry', async () => {
    commit();
    edit(mood);
    const check = (...args: readonly string[]): Promise<CliResult> =>
      inProcess('schemas', 'check', ...args);
    expect(await check('words.yaml', '--against', 'git:HEAD', '--mode', 'full')).toMatchObject({
      code: 0,
      stdout:
        'said-value of words.yaml: FULL allows it after said-value of git:HEAD:words.yaml\n' +
        'shouted-value of words.yaml: FULL allows it after shouted-value of git:HEAD:words.yaml\n',
    });
    edit(loudness);
    expect(await check('schemas/said.avsc', '--against', 'git:HEAD')).toMatchObject({
      code: 1,
      stdout:
        'schemas/said.avsc: BACKWARD does not allow it after git:HEAD:schemas/said.avsc\n' +
        '  it cannot read what git:HEAD:schemas/said.avsc wrote: `loudness`: the writer does not have it, and it has no default\n',
    });
  });

  test('takes a file as new that the revision does not have', async () => {
    commit();
    renameSync('words.yaml', 'other.yaml');
    renameSync('schemas/said.avsc', 'schemas/spoken.avsc');
    const check = (...args: readonly string[]): Promise<CliResult> =>
      inProcess('schemas', 'check', ...args);
    expect(await check('other.yaml', '--against', 'git:HEAD')).toMatchObject({
      code: 0,
      stdout:
        'said-value of other.yaml: new, there is nothing to compare it with\n' +
        'shouted-value of other.yaml: new, there is nothing to compare it with\n',
    });
    expect(await check('schemas/spoken.avsc', '--against', 'git:HEAD')).toMatchObject({
      code: 0,
      stdout: 'schemas/spoken.avsc: new, there is nothing to compare it with\n',
    });
    expect((await check('other.yaml', '--against', 'git:HEAD:other.yaml')).code).toBe(3);
  });

  test('finds schemas of a revision whatever their files are called', async () => {
    renameSync('schemas/said.avsc', 'schemas/gesagt ä "1".avsc');
    commit();
    const { stdout } = await inProcess('schemas', 'check', 'words.yaml', '--against', 'git:HEAD');
    expect(stdout).toContain('said-value of words.yaml: the same as said-value of git:HEAD:');
  });

  test('does not pass over a type that no schema defines, here or at the revision', async () => {
    const check = () => inProcess('schemas', 'check', 'words.yaml', '--against', 'git:HEAD');
    renameSync('schemas/said.avsc', 'said.avsc');
    commit();
    renameSync('said.avsc', 'schemas/said.avsc');
    const hint = 'and the schemas have no such type: "millrace check" says more';
    expect(await check()).toMatchObject({
      code: 1,
      stderr: `error[TOPOLOGY_INVALID] git:HEAD:words.yaml: the value of stream "said" is text.Said, ${hint}\n`,
    });
    renameSync('schemas/said.avsc', 'said.avsc');
    expect(await check()).toMatchObject({
      code: 1,
      stderr: `error[TOPOLOGY_INVALID] words.yaml: the value of stream "said" is text.Said, ${hint}\n`,
    });
  });

  test.each([
    ['git:nowhere', 'GIT_REVISION', 3],
    ['git:HEAD:schemas/none.avsc', 'SCHEMA_FILE', 3],
    ['schemas/none.avsc', 'SCHEMA_FILE', 3],
    ['git:HEAD:', 'SCHEMA_SOURCE', 2],
    ['nobody-value', 'SUBJECT_UNKNOWN', 2],
    ['nobody-value@latest', 'SUBJECT_UNKNOWN', 2],
  ])('says what is wrong with --against %s', async (against, code, exit) => {
    commit();
    const result = await schemas('check', 'schemas/said.avsc', '--against', against);
    expect(result.stderr).toContain(`error[${code}]`);
    expect(result.code).toBe(exit);
  });

  test.each([
    ['schemas/said.avsc', 'schemas/said.avsc', 'SCHEMA_INVALID'],
    ['schemas/said.avsc', 'words.yaml', 'SCHEMA_INVALID'],
    ['words.yaml', 'words.yaml', 'TOPOLOGY_INVALID'],
  ])('gives 1, as for a refusal, where %s is half written, to %s', async (file, wanted, code) => {
    writeFileSync(file, '{ "type": "record",');
    const subject = wanted.endsWith('.avsc') ? ['--subject', 'said-value'] : [];
    const result = await schemas('check', wanted, ...subject);
    expect(result.stderr).toContain(`error[${code}]`);
    expect(result.code).toBe(1);
  });
});

describe('millrace schemas diff', () => {
  test('says in words what changes, for whom, and whom it touches', async () => {
    commit();
    edit(mood);
    expect(await inProcess('schemas', 'diff', 'words.yaml', '--against', 'git:HEAD')).toMatchObject(
      {
        code: 0,
        stdout:
          'said-value of words.yaml, from said-value of git:HEAD:words.yaml:\n' +
          '  field `mood` added with default null: old readers ignore it, new readers fill it in\n' +
          '  backward, new readers of old records: fine\n' +
          '  forward, old readers of new records: fine\n' +
          '  read by counts, loud\n' +
          '\n' +
          'shouted-value of words.yaml, from shouted-value of git:HEAD:words.yaml:\n' +
          '  field `mood` added with default null: old readers ignore it, new readers fill it in\n' +
          '  backward, new readers of old records: fine\n' +
          '  forward, old readers of new records: fine\n' +
          '  written by loud\n',
      },
    );
  });

  test('compares a file with the registry, and two versions of a subject', async () => {
    await schemas('register', 'words.yaml');
    edit(loudness);
    const file = ['diff', 'schemas/said.avsc', '--subject', 'said-value'];
    expect(await schemas(...file, '--topology', 'words.yaml')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(
        /^schemas\/said\.avsc, from said-value@1:\n {2}field `loudness` added.*\n {2}backward, .*: broken\n {2}forward, .*: fine\n {2}read by counts, loud\n/,
      ) as string,
    });
    await registry.setCompatibility('NONE');
    await schemas('register', 'words.yaml');
    expect((await schemas('diff', 'said-value')).stdout).toContain(
      'said-value@2, from said-value@1:',
    );
    expect((await schemas('diff', 'said-value@1', '--against', 'said-value@2')).stdout).toContain(
      'field `loudness` removed',
    );
    expect((await schemas('diff', 'said-value@1', '--against', 'said-value@1')).stdout).toBe(
      'no difference\n',
    );
  });
});

describe('millrace schemas set-compatibility, soft-delete', () => {
  test('sets modes of subjects and of all', async () => {
    await schemas('register', 'words.yaml');
    expect((await schemas('set-compatibility', 'full-transitive', 'said-value')).stdout).toBe(
      'said-value: FULL_TRANSITIVE\n',
    );
    expect((await schemas('set-compatibility', 'none', '--all')).stdout).toBe(
      'all subjects: NONE\n',
    );
    expect(await registry.compatibility('said-value')).toEqual({
      mode: 'FULL_TRANSITIVE',
      own: true,
    });
    expect(await registry.compatibility('shouted-value')).toEqual({ mode: 'NONE', own: false });
    expect((await schemas('set-compatibility', 'sideways', 'x')).stderr).toContain(
      'there is no mode "sideways"',
    );
    expect((await schemas('set-compatibility', 'full')).code).toBe(2);
  });

  test('says that a subject whose mode is set has no versions yet', async () => {
    expect(await schemas('set-compatibility', 'full', 'sad-value')).toMatchObject({
      code: 0,
      stdout: 'sad-value: FULL\n',
      stderr:
        'note: subject "sad-value" has no versions yet: the mode counts from the second on. "millrace schemas list" lists those that have\n',
    });
  });

  test('takes the latest version out of use, and no other', async () => {
    await registry.setCompatibility('NONE');
    await schemas('register', 'words.yaml');
    edit(mood);
    await schemas('register', 'words.yaml');
    expect((await schemas('soft-delete', 'said-value@latest')).stdout).toBe(
      'said-value: version 2 soft-deleted\n',
    );
    expect((await registry.versions('said-value')).map(([version]) => version)).toEqual([1]);
  });

  test('takes versions out of use', async () => {
    await schemas('register', 'words.yaml');
    expect((await schemas('soft-delete', 'said-value@1')).stdout).toBe(
      'said-value: version 1 soft-deleted\n',
    );
    expect(await registry.versions('said-value')).toEqual([]);
    expect((await schemas('soft-delete', 'said-value')).stderr).toContain('SUBJECT_UNKNOWN');
  });
});

describe('millrace schemas pull', () => {
  test('writes a lock file, and says what changed since', async () => {
    await schemas('register', 'words.yaml');
    expect(await schemas('pull', 'words.yaml')).toMatchObject({
      code: 0,
      stdout:
        'schemas/schemas.lock.json: written\n' +
        '  said-value: version 1 is new (id 1)\n' +
        '  shouted-value: version 1 is new (id 1)\n' +
        '  said-value: read as text.Said, version 1\n',
    });
    expect((await schemas('pull', 'words.yaml')).stdout).toBe(
      'schemas/schemas.lock.json is as the registry\n',
    );
    edit(mood);
    await schemas('register', 'schemas/said.avsc', '--subject', 'said-value');
    await registry.setCompatibility('FULL', 'shouted-value');
    expect(await schemas('pull', 'words.yaml', '--check')).toMatchObject({
      code: 1,
      stdout:
        'schemas/schemas.lock.json: to be pulled\n' +
        '  said-value: version 2 is new (id 2)\n' +
        '  shouted-value: the mode is FULL, not BACKWARD\n' +
        '  said-value: read as text.Said, version 2: field `mood` added with default null: ' +
        'old readers ignore it, new readers fill it in\n',
    });
  });

  test('writes a lock file anew that cannot be read, which others refuse', async () => {
    writeFileSync(join(folder, 'schemas/schemas.lock.json'), '{ "lock": 7 }');
    expect((await inProcess('check', 'words.yaml')).stderr).toBe(
      'error[LOCK_FILE] schemas/schemas.lock.json cannot be used: it is no lock file of this version of Millrace. "millrace schemas pull" writes it anew\n',
    );
    await schemas('pull', 'words.yaml');
    expect((await inProcess('check', 'words.yaml')).code).toBe(0);
  });
});

/** Makes the folder a repository with all that is in it committed. */
function commit(): void {
  rmSync(join(folder, '.git'), { recursive: true, force: true });
  const git = (...args: readonly string[]): void => {
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: folder,
    });
  };
  git('init', '-q');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
}
