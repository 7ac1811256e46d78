import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MemoryRegistry } from '../../../../runtime/memory/memory-registry.ts';
import { serve } from '../../registry/served.ts';
import type { CliResult } from '../cli.ts';
import { inProcess } from '../in-process.ts';
import { projects, words } from '../project.ts';

const project = projects();
const started = process.cwd();
const schema = words['schemas/said.avsc'] as string;

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

/** The schema with more fields. */
function withFields(...fields: readonly object[]): string {
  const json = JSON.parse(schema) as { fields: readonly object[] };
  return JSON.stringify({ ...json, fields: [...json.fields, ...fields] });
}

async function pull(): Promise<void> {
  const { code } = await inProcess('schemas', 'pull', 'words.yaml', '--registry', url);
  expect(code).toBe(0);
}

function check(...args: readonly string[]): Promise<CliResult> {
  return inProcess('check', 'words.yaml', ...args);
}

function edit(text: string): void {
  writeFileSync(join(folder, 'schemas/said.avsc'), text);
}

const mood = { name: 'mood', type: ['null', 'string'], default: null };
const loudness = { name: 'loudness', type: 'int' };

describe('check with a lock file', () => {
  test('finds nothing where the versions are those of the files', async () => {
    await inProcess('schemas', 'register', 'words.yaml', '--registry', url);
    await pull();
    expect(await check()).toMatchObject({ code: 0, stdout: 'words.yaml: no problems\n' });
  });

  test('says which stages do not see a field of a newer writer', async () => {
    await registry.register('said-value', JSON.stringify(JSON.parse(schema)));
    await registry.register('said-value', withFields(mood));
    await pull();
    expect(await check()).toMatchObject({
      code: 0,
      stdout:
        'words.yaml: no problems\n' +
        'note: version 2 of "said-value" has the field "mood", which text.Said here does not have: counts, loud do not see it\n',
    });
  });

  test('says which stages get the default for symbols that they do not know', async () => {
    const kind = (...symbols: readonly string[]): object => ({
      name: 'kind',
      type: { type: 'enum', name: 'text.Kind', symbols, default: 'OTHER' },
    });
    edit(withFields(kind('OTHER')));
    await registry.register('said-value', withFields(kind('OTHER', 'SONG')));
    await pull();
    expect((await check()).stdout).toBe(
      'words.yaml: no problems\n' +
        'note: version 1 of "said-value" has symbols of the enum "kind" that text.Said here does not have: counts, loud get its default for them\n',
    );
  });

  test('says which stages get the default of a field that nobody writes yet', async () => {
    await inProcess('schemas', 'register', 'words.yaml', '--registry', url);
    await pull();
    edit(withFields(mood));
    const note =
      'field "mood" of text.Said is not in version 1 of "said-value" yet: counts, loud get its default';
    const { code, stdout } = await check();
    expect(code).toBe(0);
    expect(stdout).toContain(`note: ${note}\n`);
    expect(JSON.parse((await check('--json')).stdout)).toContainEqual({
      severity: 'info',
      message: note,
      file: 'words.yaml',
    });
  });

  test('finds every version that a stage could not read', async () => {
    await registry.setCompatibility('NONE');
    await registry.register('said-value', JSON.stringify(JSON.parse(schema)));
    await registry.register('said-value', withFields(loudness));
    await registry.register('said-value', withFields({ name: 'loudness', type: 'string' }));
    await pull();
    edit(withFields(loudness));
    const { code, stdout } = await check();
    expect(code).toBe(1);
    expect(stdout).toMatchInlineSnapshot(`
      "words.yaml:5:44 warning[L003] the reader of "said-value" is not the one that schemas/schemas.lock.json pins
          5 |   said: { topic: said, key: string, value: text.Said, time: value.at, partitions: 2 }
            |                                            ^^^^^^^^^ if it is meant to change, pin it anew with "millrace schemas pull"
            = field \`loudness\` added without a default: old readers ignore it, new readers cannot read what was written before, so give it a default
            = counts, loud read with it; pinned is text.Said, version 1

      words.yaml:5:44 error[L001] text.Said cannot read what version 1 of "said-value" wrote
          5 |   said: { topic: said, key: string, value: text.Said, time: value.at, partitions: 2 }
            |                                            ^^^^^^^^^ mend the schema, or give the field a default
            = loudness: the writer does not have it, and it has no default
            = counts, loud read it; the versions are those of schemas/schemas.lock.json

      words.yaml:5:44 error[L001] text.Said cannot read what version 3 of "said-value" wrote
          5 |   said: { topic: said, key: string, value: text.Said, time: value.at, partitions: 2 }
            |                                            ^^^^^^^^^ mend the schema, or give the field a default
            = loudness: string cannot be read as int
            = counts, loud read it; the versions are those of schemas/schemas.lock.json

      2 errors, 1 warning
      "
    `);
  });

  test('finds a sink that the mode of its subject refuses', async () => {
    await registry.register('shouted-value', JSON.stringify(JSON.parse(schema)));
    await registry.setCompatibility('FORWARD', 'shouted-value');
    await pull();
    edit(schema.replace('"name": "word"', '"name": "term"'));
    const { code, stdout } = await check();
    expect(code).toBe(1);
    expect(stdout).toMatchInlineSnapshot(`
      "words.yaml:5:44 warning[L003] the reader of "said-value" is not the one that schemas/schemas.lock.json pins
          5 |   said: { topic: said, key: string, value: text.Said, time: value.at, partitions: 2 }
            |                                            ^^^^^^^^^ if it is meant to change, pin it anew with "millrace schemas pull"
            = field \`term\` added without a default: old readers ignore it, new readers cannot read what was written before, so give it a default
            = field \`word\` removed: new readers ignore it, old readers cannot do without it, since it has no default there
            = counts, loud read with it; pinned is text.Said, which is no version of it yet

      words.yaml:6:50 error[L002] FORWARD of "shouted-value" does not allow text.Said as its next version
          6 |   shouted: { topic: shouted, key: string, value: text.Said, partitions: 2 }
            |                                                  ^^^^^^^^^ change the schema so that it goes with the older versions
            = version 1 cannot read what it writes: word: the writer does not have it, and it has no default
            = loud write it; the mode is that of schemas/schemas.lock.json

      1 error, 1 warning
      "
    `);
    expect((await inProcess('run', 'words.yaml', '--until-caught-up')).code).toBe(1);
  });
});
