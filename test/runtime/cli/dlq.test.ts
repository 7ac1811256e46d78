import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runToEnd, shouting } from './dlq.ts';
import { inProcess } from './in-process.ts';
import { produce, projects, saidWriter, withDataFolder } from './project.ts';

const project = projects();
const topic = { name: 'said', partitions: 1 };

/** An application that has run on a good word, two bad ones of one key, and bytes that are none. */
async function failed(): Promise<readonly string[]> {
  const cwd = project(shouting);
  await withDataFolder(join(cwd, 'data'), async (log) => {
    const say = await saidWriter(log, 'said');
    await produce(log, topic, [
      { key: 'a', value: say('good', 1), time: 1 },
      { key: 'a', value: say('bad', 2), time: 2, headers: [['trace', Buffer.from('t')]] },
      { key: 'b', value: Buffer.from('not Avro'), time: 3 },
      { key: 'a', value: say('bad too', 4), time: 4 },
    ]);
  });
  await runToEnd(cwd);
  return [join(cwd, 'words.yaml'), '--data', join(cwd, 'data')];
}

describe('dlq', () => {
  test('counts dead letters by stage, error and source', async () => {
    const args = await failed();
    const { code, stdout } = await inProcess('dlq', 'list', ...args);
    expect([code, stdout]).toEqual([
      0,
      'stage  error         source  letters  sent on  discarded  waiting  first  last\n' +
        'loud   STAGE_FAILED  said          2        0          0        0  0/0    0/2\n' +
        'said   SERDE_DECODE  said          1        0          0        0  0/1    0/1\n',
    ]);
    const { stdout: json } = await inProcess('dlq', 'list', ...args, '--json');
    expect(JSON.parse(json)).toMatchObject([
      { stage: 'loud', code: 'STAGE_FAILED', source: 'said', letters: 2, redriven: 0 },
      { stage: 'said', code: 'SERDE_DECODE', first: '0/1', last: '0/1' },
    ]);
  });

  test('shows letters, decoded where they can be', async () => {
    const args = await failed();
    const { code, stdout } = await inProcess('dlq', 'show', ...args, '0/0', '0/1');
    expect(code).toBe(0);
    const [first, second] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(first).toEqual({
      letter: 'words-dead-letters/0/0',
      stage: 'loud',
      error: 'STAGE_FAILED',
      message: 'stage "loud" failed on said-0 at offset 1: no way',
      advice:
        'mend stage "loud" or the record\'s producer, then send it on with "millrace dlq redrive"',
      source: { topic: 'said', partition: 0, offset: 1 },
      origin: 'record',
      task: 'loud_0',
      schemaId: 1,
      partition: 0,
      offset: 0,
      timestamp: 2,
      key: 'a',
      value: { word: 'bad', at: 2 },
      headers: { trace: 't' },
    });
    expect(second).toMatchObject({
      error: 'SERDE_DECODE',
      key: 'b',
      value: 'not Avro',
      advice: expect.stringContaining('its bytes are not what the source declares') as string,
    });
    expect(second).not.toHaveProperty('schemaId');
  });

  test.each([
    [
      ['--stage', 'loud'],
      ['0/0', '0/2'],
    ],
    [
      ['--limit', '2'],
      ['0/1', '0/2'],
    ],
    [['--key', 'a', '--limit', '1'], ['0/2']],
    [['--code', 'SERDE_ENCODE'], []],
  ])('shows letters selected by %j', async (options, names) => {
    const args = await failed();
    const { stdout } = await inProcess('dlq', 'show', ...args, ...options);
    const shown = stdout.split('\n').slice(0, -1);
    expect(shown.map((line) => (JSON.parse(line) as { letter: string }).letter)).toEqual(
      names.map((name) => `words-dead-letters/${name}`),
    );
  });

  test.each([
    ['0', '"0" names no dead letter: write partition/offset, as "millrace dlq list"'],
    ['0/9', 'application "words" has no dead letter words-dead-letters/0/9: '],
    ['words-dead-leters/0/1', 'did you mean "words-dead-letters"?'],
  ])('refuses to show %s', async (name, message) => {
    const args = await failed();
    const { code, stderr } = await inProcess('dlq', 'show', ...args, name);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
