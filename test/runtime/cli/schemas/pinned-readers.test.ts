import { readFileSync, writeFileSync } from 'node:fs';
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
const canonical = JSON.stringify(JSON.parse(schema));
const withMood = schema.replace(
  '"fields": [',
  '"fields": [ { "name": "mood", "type": "string", "default": "calm" },',
);

let folder: string;
let url: string;

beforeEach(async () => {
  folder = project(words);
  process.chdir(folder);
  const registry = new MemoryRegistry();
  ({ url } = await serve(registry));
  await registry.register('said-value', canonical);
  await registry.register('shouted-value', canonical);
});

afterEach(() => process.chdir(started));

function edit(file: string, change: (text: string) => string): void {
  const path = join(folder, file);
  writeFileSync(path, change(readFileSync(path, 'utf8')));
}

function pull(...args: readonly string[]): Promise<CliResult> {
  return inProcess('schemas', 'pull', 'words.yaml', '--registry', url, ...args);
}

function check(): Promise<CliResult> {
  return inProcess('check', 'words.yaml');
}

interface Lock {
  readonly readers?: unknown;
}

function locked(): Lock {
  return JSON.parse(readFileSync(join(folder, 'schemas/schemas.lock.json'), 'utf8')) as Lock;
}

describe('schemas pull', () => {
  test('pins what each topic is read with, by the id of the version that it is', async () => {
    expect((await pull()).stdout).toBe(
      'schemas/schemas.lock.json: written\n' +
        '  said-value: version 1 is new (id 1)\n' +
        '  shouted-value: version 1 is new (id 1)\n' +
        '  said-value: read as text.Said, version 1\n',
    );
    expect(locked().readers).toEqual({ 'said-value': { 'text.Said': 1 } });
    expect((await pull('--check')).code).toBe(0);
  });

  test('pins the text of a schema that no version is', async () => {
    await pull();
    edit('schemas/said.avsc', () => withMood);
    const line =
      '  said-value: read as text.Said, which is no version of it yet: field `mood` added with default "calm": ' +
      'old readers ignore it, new readers fill it in\n';
    expect(await pull('--check')).toMatchObject({
      code: 1,
      stdout: `schemas/schemas.lock.json: to be pulled\n${line}`,
    });
    expect((await pull()).stdout).toBe(`schemas/schemas.lock.json: written\n${line}`);
    expect(locked().readers).toEqual({
      'said-value': { 'text.Said': JSON.parse(withMood) as unknown },
    });
  });

  test('keeps the readers of topologies that are not named, or not sound', async () => {
    const other = (words['words.yaml'] as string)
      .replace('application: words', 'application: others')
      .replace('topic: said', 'topic: heard');
    writeFileSync(join(folder, 'others.yaml'), other);
    await inProcess('schemas', 'pull', 'others.yaml', '--registry', url);
    await pull();
    edit('others.yaml', (text) => text.replace('use: shout', 'use: whisper'));
    await inProcess('schemas', 'pull', 'others.yaml', '--registry', url);
    expect(Object.keys(locked().readers as object)).toEqual(['heard-value', 'said-value']);
  });

  test('gives up the reader of a topic that is not read any more', async () => {
    await pull();
    edit('words.yaml', (text) => text.replace('topic: said', 'topic: heard'));
    edit('words.yaml', (text) =>
      text.replace('shouted:', 'again: { topic: said, key: string, value: text.Said }\n  shouted:'),
    );
    expect((await pull()).stdout).toContain('  said-value: not read any more\n');
  });
});

describe('check', () => {
  test('says what changed in a reader since it was pinned, and is fine all the same', async () => {
    await pull();
    edit('schemas/said.avsc', () => withMood);
    const { code, stdout } = await check();
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "words.yaml:5:44 warning[L003] the reader of "said-value" is not the one that schemas/schemas.lock.json pins
          5 |   said: { topic: said, key: string, value: text.Said, time: value.at, partitions: 2 }
            |                                            ^^^^^^^^^ if it is meant to change, pin it anew with "millrace schemas pull"
            = field \`mood\` added with default "calm": old readers ignore it, new readers fill it in
            = counts, loud read with it; pinned is text.Said, version 1

      1 warning
      note: field "mood" of text.Said is not in version 1 of "said-value" yet: counts, loud get its default
      "
    `);
    await pull();
    expect((await check()).stdout).not.toContain('L003');
  });

  test('says that a topic is read as another type', async () => {
    await pull();
    writeFileSync(join(folder, 'schemas/heard.avsc'), schema.replace('text.Said', 'text.Heard'));
    edit('words.yaml', (text) => text.replace('value: text.Said, time', 'value: text.Heard, time'));
    const { stdout } = await check();
    expect(stdout).toContain('warning[L003] the reader of "said-value" is not the one that');
    expect(stdout).toContain('= counts, loud read with it; pinned is text.Said, version 1\n');
  });

  test('minds no other words in the docs of a schema', async () => {
    await pull();
    edit('schemas/said.avsc', (text) =>
      text.replace('"fields"', '"doc": "what was said", "fields"'),
    );
    expect((await check()).stdout).toBe('words.yaml: no problems\n');
  });

  test('reads a lock that pins nothing, and says so', async () => {
    await pull();
    edit('schemas/schemas.lock.json', (text) => {
      const { readers: _, ...rest } = JSON.parse(text) as Lock;
      return JSON.stringify(rest);
    });
    expect(await check()).toMatchObject({
      code: 0,
      stdout:
        'words.yaml: no problems\n' +
        'note: schemas/schemas.lock.json pins no reader of said-value: "millrace schemas pull" does\n',
    });
    expect((await pull()).stdout).toBe(
      'schemas/schemas.lock.json: written\n  said-value: read as text.Said, version 1\n',
    );
  });
});

describe('run', () => {
  test('says that a reader is not the pinned one, and goes on', async () => {
    await pull();
    edit('schemas/said.avsc', () => withMood);
    const { code, stderr } = await inProcess('run', 'words.yaml', '--until-caught-up');
    expect(code).toBe(0);
    const [line = ''] = stderr.split('\n');
    const { level, code: said, msg } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    expect([level, said]).toEqual(['warn', 'LOCK_READER']);
    expect(msg).toBe(
      'the reader of "said-value" is not the one that schemas/schemas.lock.json pins: field `mood` added with default "calm": ' +
        'old readers ignore it, new readers fill it in; counts, loud read with it; pinned is text.Said, version 1. ' +
        'If it is meant to change, pin it anew with "millrace schemas pull"',
    );
  });

  test('refuses it offline, where the lock is all that vouches for it', async () => {
    await pull();
    edit('schemas/said.avsc', () => withMood);
    writeFileSync(join(folder, 'millrace.yaml'), 'registry: { offline: true }\n');
    const { code, stderr } = await inProcess('run', 'words.yaml', '--until-caught-up');
    expect(code).toBe(3);
    expect(stderr).toContain('error[LOCK_READER] the reader of "said-value" is not the one that');
  });
});
