import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTopics } from '../../../runtime/index.ts';
import { Cli } from './cli.ts';
import { runToEnd, shouting } from './dlq.ts';
import { inProcess } from './in-process.ts';
import { produce, projects, saidWriter, withDataFolder } from './project.ts';

const project = projects();

const topology = (parking: string): string => `application: words
processors: processors
streams:
  said: { topic: said, key: string, value: string, format: string, partitions: 2 }
  loud: { topic: loud, key: string, value: string, format: string, partitions: 2 }
stages:
  shout: { from: said, map-values: { use: shout, as: string }, to: loud }
errors:
  default: { dead-letter: words.letters${parking} }
`;

/** Fails on bad words until the file "mended" is there. */
const files = (parking = ', park-by-key: {}'): Readonly<Record<string, string>> => ({
  'package.json': '{ "type": "module" }\n',
  'words.yaml': topology(parking),
  'processors/shout.ts': `import { existsSync } from 'node:fs';
export function shout(word: string): string {
  const mended = existsSync(new URL('../mended', import.meta.url));
  if (word.startsWith('bad') && !mended) throw new Error('no way');
  return word.toUpperCase();
}
`,
});

type Word = readonly [key: string, word: string];

const badKeys: readonly string[] = ['k1', 'k2', 'k5'];
/** Twelve words of each of eight keys, in turn; of three keys the third is bad, of one of them the eighth as well. */
const words: readonly Word[] = Array.from({ length: 96 }, (_, i) => {
  const [key, n] = [`k${i % 8}`, Math.floor(i / 8)];
  const bad = (n === 2 && badKeys.includes(key)) || (key === 'k2' && n === 7);
  return [key, `${bad ? 'bad ' : ''}${key} ${n}`];
});

class Project {
  readonly cwd: string;

  constructor(parking?: string) {
    this.cwd = project(files(parking));
  }

  async say(...said: readonly Word[]): Promise<void> {
    const at = { topology: join(this.cwd, 'words.yaml'), data: join(this.cwd, 'data') };
    const topics = await openTopics(at);
    await topics.send('said', ...said.map(([key, value], time) => ({ key, value, time })));
    await topics.close();
  }

  /** Runs `millrace dlq COMMAND` on it. */
  dlq(command: string, ...more: readonly string[]): ReturnType<typeof inProcess> {
    return inProcess('dlq', command, ...this.place, ...more);
  }

  get place(): readonly string[] {
    return [join(this.cwd, 'words.yaml'), '--data', join(this.cwd, 'data')];
  }

  run(): Promise<void> {
    return runToEnd(this.cwd);
  }

  /** The application in a process of its own. */
  service(...more: readonly string[]): Cli {
    return new Cli(['run', 'words.yaml', '--data', 'data', ...more], { cwd: this.cwd });
  }

  mend(): void {
    writeFileSync(join(this.cwd, 'mended'), '');
  }

  /** What came out, by key. */
  async loud(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { stdout } = await inProcess('topics', 'read', 'loud', '--data', join(this.cwd, 'data'));
    const byKey = new Map<string, string[]>();
    for (const line of stdout.split('\n').slice(0, -1)) {
      const { key, value } = JSON.parse(line) as { key: string; value: string };
      byKey.set(key, [...(byKey.get(key) ?? []), value]);
    }
    return byKey;
  }

  async table(): Promise<readonly (readonly string[])[]> {
    const { stdout } = await this.dlq('list');
    return stdout
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(/ {2,}/));
  }
}

/** What comes out of words that all pass, by key. */
function shouted(said: readonly Word[]): ReadonlyMap<string, readonly string[]> {
  const byKey = new Map<string, string[]>();
  for (const [key, word] of said) byKey.set(key, [...(byKey.get(key) ?? []), word.toUpperCase()]);
  return byKey;
}

/** Those before the first bad one of each key. */
function untilBad(said: readonly Word[]): readonly Word[] {
  const parked = new Set<string>();
  return said.filter(([key, word]) => {
    if (word.startsWith('bad')) parked.add(key);
    return !parked.has(key);
  });
}

async function failed(parking?: string): Promise<Project> {
  const here = new Project(parking);
  await here.say(...words);
  await here.run();
  return here;
}

describe('a parked key', () => {
  test('holds what comes later until it is redriven, and then gives it in the order of the log', async () => {
    const here = await failed();
    expect(await here.loud()).toEqual(shouted(untilBad(words)));
    expect(await here.table()).toEqual([
      ['shout', 'STAGE_FAILED', 'said', '3', '0', '0', '27', '0/0', '0/2'],
    ]);
    const status = await inProcess('status', ...here.place.slice(1), '--json');
    expect(JSON.parse(status.stdout)).toMatchObject([{ parkedKeys: 3, waiting: 27 }]);
    here.mend();
    const dry = await here.dlq('redrive', '--dry-run');
    expect([dry.code, dry.stdout.split('\n')[0], dry.stderr]).toEqual([
      0,
      expect.stringMatching(/^0\/\d {2}goes to task shout_0, 9 behind it follow$/),
      '3 would be sent on, 0 stay\n',
    ]);
    expect(await here.dlq('redrive')).toEqual({
      code: 0,
      stdout: '',
      stderr: '3 sent on, 0 stay\nparked keys: 3 waiting for application "words" to run\n',
    });
    await here.run();
    expect(await here.loud()).toEqual(shouted(words));
    expect(await here.table()).toEqual([
      ['shout', 'STAGE_FAILED', 'said', '3', '3', '0', '0', '0/0', '0/2'],
    ]);
    const again = await here.dlq('redrive');
    expect(again.stderr).toBe('0 sent on, 0 stay, 3 had been sent on before\n');
  });

  test('gives up the record that parks it, and nothing else, when that is discarded', async () => {
    const here = await failed();
    const { stdout } = await here.dlq('discard', '--key', 'k2', '--dry-run', '--json');
    expect(JSON.parse(stdout)).toMatchObject([
      { discarded: true, releases: 'shout_1', waiting: 9 },
    ]);
    const first = await here.dlq('discard', '--key', 'k2');
    expect(first.stderr).toBe(
      '1 discarded\nparked keys: 1 waiting for application "words" to run\n',
    );
    await here.run();
    const k2 = words.filter(([key]) => key === 'k2');
    const until7 = k2.filter((_, n) => n < 7 && n !== 2);
    expect((await here.loud()).get('k2')).toEqual(shouted(until7).get('k2'));
    expect((await here.table())[0]?.slice(3, 7)).toEqual(['4', '0', '1', '22']);
    await here.dlq('discard', '--key', 'k2');
    await here.run();
    const rest = k2.filter((_, n) => n !== 2 && n !== 7);
    expect((await here.loud()).get('k2')).toEqual(shouted(rest).get('k2'));
  });

  test('gives the record that parks it the value that a migration makes', async () => {
    const here = await failed();
    const mend = join(here.cwd, 'mend.ts');
    writeFileSync(mend, "export const good = (word: string) => word.replace('bad', 'good');\n");
    for (let rounds = 0; rounds < 2; rounds++) {
      await here.dlq('redrive', '--with', `${mend}#good`);
      await here.run();
    }
    const good = words.map(([key, word]): Word => [key, word.replace('bad', 'good')]);
    expect(await here.loud()).toEqual(shouted(good));
  });

  test('shows what waits for it', async () => {
    const here = new Project();
    await here.say(['a', 'bad'], ['a', 'one'], ['b', 'two'], ['a', 'three']);
    await here.run();
    const [{ first = '' }] = JSON.parse((await here.dlq('list', '--json')).stdout) as [
      { first?: string },
    ];
    const letter = JSON.parse((await here.dlq('show', first)).stdout) as Record<string, unknown>;
    expect(letter).toMatchObject({
      parked: {
        attempt: 1,
        since: expect.stringMatching(/^20\d\d-/) as string,
        waiting: 2,
        next: [
          { topic: 'said', offset: 1 },
          { topic: 'said', offset: 3 },
        ],
      },
      advice: expect.stringMatching(
        /; until then later records of its key wait behind it, or until "millrace dlq discard" gives it up$/,
      ) as string,
    });
    await here.dlq('discard', first);
    await here.run();
    const after = JSON.parse((await here.dlq('show', first)).stdout) as Record<string, unknown>;
    expect(after).toMatchObject({
      parked: { attempt: 1, over: true },
      discarded: { at: expect.any(String) as string },
      advice: expect.not.stringContaining('until then') as string,
    });
    expect(after).not.toHaveProperty('sentOn');
  });

  test('is read again after a reset: letters of before stay, and say why', async () => {
    const here = new Project();
    await here.say(['a', 'bad'], ['a', 'one']);
    await here.run();
    const reset = await inProcess('reset', ...here.place, '--yes');
    expect(reset.code).toBe(0);
    const stays = await here.dlq('redrive');
    expect([stays.code, stays.stderr]).toEqual([
      1,
      '0/0 stays: its key is no longer parked: the application has yet to read its record again, as after a reset; ' +
        '--unparked sends it to its topic all the same\n0 sent on, 1 stay\n',
    ]);
    await here.run();
    here.mend();
    const sent = await here.dlq('redrive');
    expect(sent.stderr).toBe(
      '0/0 stays: words.letters/0/1 is a later letter of the same record\n1 sent on, 1 stay\n' +
        'parked keys: 1 waiting for application "words" to run\n',
    );
    await here.run();
    expect((await here.loud()).get('a')).toEqual(['BAD', 'ONE']);
  });

  test('keeps the policy from being taken away, until it is free', async () => {
    const here = new Project();
    await here.say(['a', 'bad'], ['a', 'one']);
    await here.run();
    writeFileSync(join(here.cwd, 'words.yaml'), topology(''));
    await expect(here.run()).rejects.toThrow('With the version before, let go what is parked');
    writeFileSync(join(here.cwd, 'words.yaml'), topology(', park-by-key: {}'));
    await here.dlq('discard', '0/0');
    await here.run();
    writeFileSync(join(here.cwd, 'words.yaml'), topology(''));
    await here.run();
    writeFileSync(join(here.cwd, 'words.yaml'), topology(', park-by-key: { most: 7 }'));
    await here.run();
    expect((await here.loud()).get('a')).toEqual(['ONE']);
  });

  test('keeps records waiting that are sent to its topic meanwhile, and says so', async () => {
    const here = new Project('');
    await here.say(['a', 'bad 1'], ['a', 'one']);
    await here.run();
    writeFileSync(join(here.cwd, 'words.yaml'), topology(', park-by-key: {}'));
    await here.run();
    await here.say(['a', 'bad 2'], ['a', 'two']);
    await here.run();
    here.mend();
    const { stdout } = await here.dlq('redrive', '0/0', '--dry-run');
    expect(stdout).toBe('0/0  goes to said-0, behind 2 of its key, which is parked\n');
    expect((await here.dlq('redrive')).stderr).toBe(
      '2 sent on, 0 stay\n1 of these of keys that are parked: they wait there, behind what came later\n' +
        'parked keys: 1 waiting for application "words" to run\n',
    );
    await here.run();
    expect((await here.loud()).get('a')).toEqual(['ONE', 'BAD 2', 'TWO', 'BAD 1']);
  });

  test.each([
    [[], 'say which letters: name them, or give --stage, --code, --key, --from or --to'],
    [['0/9'], 'has no dead letter words.letters/0/9'],
    [['0/0', '--wait', 'soon'], 'write it like 500ms, 5s or 1m'],
  ])('is not discarded by %j', async (args, message) => {
    const here = new Project();
    await here.say(['a', 'bad']);
    const { code, stderr } = await here.dlq('discard', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('discards letters that park nothing, too, once', async () => {
    const here = new Project('');
    await here.say(['a', 'bad'], ['a', 'bad too']);
    await here.run();
    expect(await here.dlq('discard', '0/0')).toEqual({
      code: 0,
      stdout: '',
      stderr: '1 discarded\n',
    });
    const again = await here.dlq('discard', '0/0');
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/^0\/0 stays: it was discarded at 20\S+\n0 discarded, 1 stay\n$/),
    ]);
    const named = await here.dlq('redrive', '0/0');
    expect([named.code, named.stderr]).toEqual([
      1,
      expect.stringMatching(/^0\/0 stays: it was discarded at 20\S+: if it is wanted, produce/),
    ]);
    const rest = await here.dlq('redrive');
    expect([rest.code, rest.stderr]).toEqual([0, '1 sent on, 0 stay, 1 had been discarded\n']);
    expect((await here.table())[0]?.slice(3, 7)).toEqual(['2', '1', '1', '0']);
    const none = await here.dlq('discard', '--stage', 'shout');
    expect([none.code, none.stderr]).toEqual([
      0,
      '0 discarded, 2 had been sent on or discarded before\n',
    ]);
  });

  test('is redriven beside the application, which says what became of it', async () => {
    const here = new Project();
    await here.say(...words);
    const service = here.service();
    await expect.poll(() => here.table(), { timeout: 20_000 }).toMatchObject([{ 6: '27' }]);
    const [{ letter }] = JSON.parse(
      (await here.dlq('redrive', '--key', 'k5', '--dry-run', '--json')).stdout,
    ) as [{ letter: string }];
    const again = await here.dlq('redrive', '--key', 'k5', '--wait', '20s');
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(
        /^1 sent on, 0 stay\n\d\/\d failed again: \d\/\d\nparked keys: 1 with a new dead letter\n$/,
      ),
    ]);
    expect(letter).toMatch(/^words\.letters\//);
    here.mend();
    const sent = await here.dlq('redrive', '--wait', '20s');
    expect([sent.code, sent.stderr]).toEqual([
      0,
      '3 sent on, 0 stay, 1 had been sent on before\n' +
        'parked keys: 3 free again, with 27 records that waited\n',
    ]);
    await expect.poll(() => here.loud(), { timeout: 20_000 }).toEqual(shouted(words));
    service.process.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });
});

describe('redrive --again', () => {
  test('sends on what fails behind in its turn, until the key is free', async () => {
    const here = new Project();
    const said = Array.from({ length: 9 }, (_, i): Word => [
      'a',
      `${i % 3 === 1 ? '' : 'bad '}${i}`,
    ]);
    await here.say(...said);
    const mend = join(here.cwd, 'mend.ts');
    writeFileSync(mend, "export const good = (word: string) => word.replace('bad', 'good');\n");
    const service = here.service();
    await expect.poll(() => here.table(), { timeout: 20_000 }).toMatchObject([{ 6: '8' }]);
    const sent = await here.dlq('redrive', '--with', `${mend}#good`, '--again', '--wait', '20s');
    expect([sent.code, sent.stderr]).toEqual([
      0,
      '1 sent on, 0 stay\nbehind them: 5 sent on, 0 stay\n' +
        'parked keys: 1 free again, with 8 records that waited\n',
    ]);
    const good = said.map(([key, word]): Word => [key, word.replace('bad', 'good')]);
    await expect.poll(() => here.loud(), { timeout: 20_000 }).toEqual(shouted(good));
    service.process.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });
});

test('records of an incompatible schema are translated in their order, key by key', async () => {
  const old = shouting['schemas/said.avsc'] as string;
  const cwd = project({
    ...shouting,
    'words.yaml': `${shouting['words.yaml']}errors: { default: { dead-letter: words.letters, park-by-key: {} } }\n`,
    'schemas/said.avsc': old.replace(
      '"fields": [',
      '"fields": [ { "name": "lang", "type": "string" },',
    ),
    'german.ts': "export const german = (old: object): object => ({ ...old, lang: 'de' });\n",
    'processors/shout.ts': `interface Said { readonly word: string; readonly lang: string }
export const shout = (said: Said): Said => ({ ...said, word: said.word.toUpperCase() });
`,
  });
  const data = join(cwd, 'data');
  await withDataFolder(data, async (log) => {
    const say = await saidWriter(log, 'said');
    await log.registry.setCompatibility('NONE', 'said-value');
    const said = Array.from({ length: 8 }, (_, i) => ({
      key: `k${i % 2}`,
      value: say(`w${i}`, i),
    }));
    await produce(log, { name: 'said', partitions: 1 }, said);
  });
  const service = new Cli(['run', 'words.yaml', '--data', 'data'], { cwd });
  const place = [join(cwd, 'words.yaml'), '--data', data];
  const listed = async (): Promise<unknown> =>
    JSON.parse((await inProcess('dlq', 'list', ...place, '--json')).stdout);
  await expect.poll(listed, { timeout: 20_000 }).toMatchObject([{ letters: 2, waiting: 6 }]);
  const how = ['--with', `${join(cwd, 'german.ts')}#german`, '--again', '--wait', '20s'];
  const { code, stderr } = await inProcess('dlq', 'redrive', ...place, ...how);
  expect([code, stderr]).toEqual([
    0,
    '2 sent on, 0 stay\nbehind them: 6 sent on, 0 stay\n' +
      'parked keys: 2 free again, with 6 records that waited\n',
  ]);
  const { stdout } = await inProcess('topics', 'read', 'shouted', '--data', data);
  const lines = stdout.split('\n').slice(0, -1);
  const loud = lines.map((line) => JSON.parse(line) as { key: string; value: object });
  const of = (key: string): readonly object[] =>
    loud.filter((it) => it.key === key).map(({ value }) => value);
  const value = (n: number): object => ({ lang: 'de', word: `W${n}`, at: n });
  expect(of('k0')).toEqual([0, 2, 4, 6].map(value));
  expect(of('k1')).toEqual([1, 3, 5, 7].map(value));
  service.process.kill('SIGTERM');
  expect((await service.ended).code).toBe(0);
});

describe('a task that holds as many records as it may', () => {
  test('takes no more until there is room, and loses nothing', async () => {
    const here = new Project(', park-by-key: { most: 5 }');
    await here.say(...words);
    const service = here.service();
    await service.until(({ stderr }) => stderr.includes('takes no further input'));
    here.mend();
    // What was not taken yet passes by itself.
    await here.dlq('redrive', '--wait', '20s');
    await expect.poll(() => here.loud(), { timeout: 20_000 }).toEqual(shouted(words));
    service.process.kill('SIGTERM');
    expect((await service.ended).code).toBe(0);
  });

  test('stops the application where that is its policy, and goes on where it stopped', async () => {
    const here = new Project(', park-by-key: { most: 5, when-full: stop }');
    await here.say(...words);
    const { code, stderr } = await here.service('--until-caught-up').ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('PARKED_FULL')]);
    here.mend();
    await here.dlq('redrive');
    await here.run();
    expect(await here.loud()).toEqual(shouted(words));
  });
});
