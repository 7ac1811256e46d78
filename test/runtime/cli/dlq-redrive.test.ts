import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Cli, cli } from './cli.ts';
import { runToEnd, shouting } from './dlq.ts';
import { inProcess } from './in-process.ts';
import { produce, projects, saidWriter, withDataFolder } from './project.ts';

const project = projects();
const topic = { name: 'said', partitions: 1 };

/** The stage that fails on no word. */
const mended = `interface Said { readonly word: string; readonly at: number }
export function shout({ word, at }: Said): Said { return { word: word.toUpperCase(), at }; }
`;

interface Project {
  readonly cwd: string;
  /** Runs `millrace dlq COMMAND` on it. */
  readonly dlq: (command: string, ...more: readonly string[]) => ReturnType<typeof inProcess>;
}

/** An application that has run on these words, with key and word each. */
async function said(...words: readonly (readonly [string, string | Buffer])[]): Promise<Project> {
  const cwd = project(shouting);
  await withDataFolder(join(cwd, 'data'), async (log) => {
    const say = await saidWriter(log, 'said');
    await produce(
      log,
      topic,
      words.map(([key, word], i) => ({
        key,
        value: typeof word === 'string' ? say(word, i) : word,
        time: i,
      })),
    );
  });
  await runToEnd(cwd);
  const place = [join(cwd, 'words.yaml'), '--data', join(cwd, 'data')];
  return { cwd, dlq: (command, ...more) => inProcess('dlq', command, ...place, ...more) };
}

/** The stage in a file of another name: a module is imported once in a process. */
function mend(cwd: string): void {
  const yaml = (shouting['words.yaml'] as string).replace('use: shout', 'use: shout-on');
  writeFileSync(join(cwd, 'words.yaml'), yaml);
  writeFileSync(join(cwd, 'processors/shout-on.ts'), mended.replace('shout(', 'shoutOn('));
}

async function read(cwd: string, name: string): Promise<readonly Record<string, unknown>[]> {
  const { stdout } = await inProcess('topics', 'read', name, '--data', join(cwd, 'data'));
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function shouted(cwd: string): Promise<readonly unknown[]> {
  return (await read(cwd, 'shouted')).map(({ value }) => (value as { word: string }).word);
}

describe('dlq redrive', () => {
  test('sends records on in their order, once, and they meet all stages again', async () => {
    const { cwd, dlq } = await said(['a', 'bad 1'], ['b', 'good'], ['b', 'bad 2'], ['a', 'bad 3']);
    mend(cwd);
    const first = await dlq('redrive');
    expect(first).toEqual({ code: 0, stdout: '', stderr: '3 sent on, 0 stay\n' });
    const sent = (await read(cwd, 'said')).slice(4);
    expect(sent.map(({ timestamp, headers }) => [timestamp, headers])).toEqual([
      [0, { '__streams.redriven': 'words-dead-letters/0/0' }],
      [2, { '__streams.redriven': 'words-dead-letters/0/1' }],
      [3, { '__streams.redriven': 'words-dead-letters/0/2' }],
    ]);
    await runToEnd(cwd);
    expect(await shouted(cwd)).toEqual(['GOOD', 'BAD 1', 'BAD 2', 'BAD 3']);
    const again = await dlq('redrive');
    expect(again.stderr).toBe('0 sent on, 0 stay, 3 had been sent on before\n');
    expect(await read(cwd, 'said')).toHaveLength(7);
    expect((await dlq('list')).stdout).toContain('STAGE_FAILED  said          3        3');
    expect(JSON.parse((await dlq('show', '0/1')).stdout)).toMatchObject({
      sentOn: { to: 'said-0', at: expect.any(String) as string },
    });
  });

  test('a record that fails again has a letter of its own, which says it once', async () => {
    const { cwd, dlq } = await said(['a', 'bad']);
    await dlq('redrive');
    await runToEnd(cwd);
    const [, letter] = await read(cwd, 'words-dead-letters');
    expect(letter?.['headers']).toMatchObject({
      '__streams.redriven': 'words-dead-letters/0/0',
      '__streams.errors.offset': '1',
    });
    expect((await dlq('redrive')).stderr).toBe('1 sent on, 0 stay, 1 had been sent on before\n');
    expect((await read(cwd, 'said')).map(({ headers }) => headers)).toEqual([
      {},
      { '__streams.redriven': 'words-dead-letters/0/0' },
      { '__streams.redriven': 'words-dead-letters/0/1' },
    ]);
  });

  test('says with --dry-run what would become of them, and does nothing', async () => {
    const { cwd, dlq } = await said(['a', 'bad'], ['a', 'bad']);
    expect(await dlq('redrive', '--dry-run')).toEqual({
      code: 0,
      stdout: '0/0  goes to said-0\n0/1  goes to said-0\n',
      stderr: '2 would be sent on, 0 stay\n',
    });
    const { stdout } = await dlq('redrive', '--dry-run', '--json', '0/1');
    expect(JSON.parse(stdout)).toEqual([
      { letter: 'words-dead-letters/0/1', to: { topic: 'said', partition: 0 } },
    ]);
    expect(await read(cwd, 'said')).toHaveLength(2);
  });

  test.each([
    [['--stage', 'loud'], '3 would', ['0/0', '0/2', '0/3']],
    [['--code', 'SERDE_DECODE'], '1 would', ['0/1']],
    [['--key', 'b'], '2 would', ['0/1', '0/2']],
    [['--from', '0/1', '--to', '0/2'], '2 would', ['0/1', '0/2']],
    [['0/3', '0/1'], '2 would', ['0/1', '0/3']],
  ])('selects letters by %j', async (filter, count, names) => {
    const { dlq } = await said(['a', 'bad'], ['b', Buffer.from('x')], ['b', 'bad'], ['a', 'bad']);
    const { stdout, stderr } = await dlq('redrive', '--dry-run', ...filter);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([...names, '']);
    expect(stderr).toContain(count);
  });

  test('says that letters of the same key are overtaken', async () => {
    const { dlq } = await said(['a', 'bad'], ['b', 'bad'], ['a', 'bad']);
    expect((await dlq('redrive', '0/2')).stderr).toBe(
      '1 dead letters of the same keys that were not selected come before some of these: their order changes\n' +
        '1 sent on, 0 stay\n',
    );
  });

  test('makes values anew by a function; what it leaves keeps later ones of its key', async () => {
    const { cwd, dlq } = await said(
      ['a', 'bad 1'],
      ['b', 'bad 2'],
      ['b', 'bad 3'],
      ['c', Buffer.from('[7]')],
    );
    writeFileSync(
      join(cwd, 'mend.ts'),
      `import type { LetterMigration } from 'millrace';
type Said = { readonly word: string; readonly at: number };
export const mend: LetterMigration<Said | Uint8Array, Said> = (old, { time }) => {
  if (old instanceof Uint8Array) return { word: String(Buffer.from(old)), at: time };
  if (old.word === 'bad 2') throw new Error('not that one');
  return { ...old, word: old.word.replace('bad', 'good') };
};
export const wrong = (): unknown => ({ word: 7 });
export const none = 7;
`,
    );
    const mender = join(cwd, 'mend.ts');
    const wrong = await dlq('redrive', '--with', `${mender}#wrong`, '0/0', '--dry-run');
    expect(wrong.stdout).toContain('0/0  stays: what the migration made does not fit: ');
    const { code, stderr } = await dlq('redrive', '--with', `${mender}#mend`);
    expect([code, stderr]).toEqual([
      1,
      '0/1 stays: the migration failed: not that one\n' +
        '0/2 stays: words-dead-letters/0/1, of the same key, stays and comes before it\n' +
        '2 sent on, 2 stay\n',
    ]);
    await runToEnd(cwd);
    expect(await shouted(cwd)).toEqual(['GOOD 1', '[7]']);
    for (const [name, message] of [
      [`${mender}#none`, 'exports no function "none"'],
      [mender, 'names no function: write FILE#EXPORT'],
      ['gone.ts#x', 'there is no file gone.ts: check the path'],
    ] as const) {
      const refused = await dlq('redrive', '--with', name);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(message)]);
    }
  });

  test('decodes what a function gets as its writer had it, and encodes as it is read now', async () => {
    const schema = (shouting['schemas/said.avsc'] as string).replace(
      '"fields": [',
      '"fields": [ { "name": "lang", "type": "string" },',
    );
    const cwd = project({ ...shouting, 'schemas/said.avsc': schema });
    await withDataFolder(join(cwd, 'data'), async (log) => {
      const say = await saidWriter(log, 'said');
      await log.registry.setCompatibility('NONE', 'said-value');
      await produce(log, topic, [{ key: 'a', value: say('hallo', 3) }]);
    });
    await runToEnd(cwd);
    const place = [join(cwd, 'words.yaml'), '--data', join(cwd, 'data')];
    const { stdout } = await inProcess('dlq', 'show', ...place, '0/0');
    expect(JSON.parse(stdout)).toMatchObject({
      error: 'SCHEMA_INCOMPATIBLE',
      schemaId: 1,
      value: { word: 'hallo', at: 3 },
    });
    writeFileSync(
      join(cwd, 'german.ts'),
      "export const german = (old: object): object => ({ ...old, lang: 'de' });\n",
    );
    const german = ['--with', `${join(cwd, 'german.ts')}#german`];
    const { stderr } = await inProcess('dlq', 'redrive', ...place, ...german);
    expect(stderr).toBe('1 sent on, 0 stay\n');
    expect((await read(cwd, 'said')).map(({ value }) => value)).toEqual([
      { word: 'hallo', at: 3 },
      { lang: 'de', word: 'hallo', at: 3 },
    ]);
  });

  test('works beside the application, from process to process', async () => {
    const stage = `import { existsSync } from 'node:fs';
export function shout({ word, at }: { word: string; at: number }) {
  const mended = existsSync(new URL('../mended', import.meta.url));
  if (word.startsWith('bad') && !mended) throw new Error('no way');
  return { word: word.toUpperCase(), at };
}
`;
    const cwd = project({ ...shouting, 'processors/shout.ts': stage });
    await withDataFolder(join(cwd, 'data'), async (log) => {
      const say = await saidWriter(log, 'said');
      const words = ['bad 1', 'good', 'bad 2'];
      await produce(
        log,
        topic,
        words.map((word, i) => ({ key: 'a', value: say(word, i) })),
      );
    });
    const service = new Cli(['run', 'words.yaml', '--data', 'data'], { cwd });
    await service.until(({ stderr }) => stderr.includes('dead letters'));
    writeFileSync(join(cwd, 'mended'), '');
    const redriving = ['dlq', 'redrive', 'words.yaml', '--data', 'data'];
    const sent = await cli(redriving, { cwd });
    expect(sent).toEqual({ code: 0, stdout: '', stderr: '2 sent on, 0 stay\n' });
    await expect.poll(() => shouted(cwd), { timeout: 20_000 }).toEqual(['GOOD', 'BAD 1', 'BAD 2']);
    service.process.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });

  test('refuses letters that are not there', async () => {
    const { dlq } = await said(['a', 'bad']);
    const refused = await dlq('redrive', '0/7');
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('has no dead letter words-dead-letters/0/7'),
    ]);
  });
});
