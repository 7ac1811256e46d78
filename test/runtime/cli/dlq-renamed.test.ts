import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTopics } from '../../../runtime/index.ts';
import { runToEnd } from './dlq.ts';
import { inProcess } from './in-process.ts';
import { projects } from './project.ts';

const project = projects();

const files: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }\n',
  'words.yaml': `application: words
processors: processors
streams:
  said: { topic: said, key: string, value: string, format: string, partitions: 1 }
  loud: { topic: loud, key: string, value: string, format: string, partitions: 1 }
  calm: { topic: calm, key: string, value: string, format: string, partitions: 1 }
stages:
  shout: { from: said, map-values: { use: shout, as: string }, to: loud }
errors:
  default: { dead-letter: words.letters, park-by-key: {} }
`,
  'processors/shout.ts': `import { existsSync } from 'node:fs';
export function shout(word: string): string {
  const mended = existsSync(new URL('../mended', import.meta.url));
  if (word.startsWith('bad') && !mended) throw new Error('no way');
  return word.toUpperCase();
}
`,
};

/** A project whose key "k" is parked, and whose file has got a stage since that comes first, so that its task would have another name. */
async function renamed(): Promise<{ readonly cwd: string; readonly place: readonly string[] }> {
  const cwd = project(files);
  const file = join(cwd, 'words.yaml');
  const place = [file, '--data', join(cwd, 'data')];
  const topics = await openTopics({ topology: file, data: join(cwd, 'data') });
  const words = ['bad', 'one', 'two'].map((value, time) => ({ key: 'k', value, time }));
  await topics.send('said', ...words);
  await topics.close();
  await runToEnd(cwd);
  const first = 'stages:\n  breathe: { from: said, to: calm, filter: value != "" }\n';
  writeFileSync(file, readFileSync(file, 'utf8').replace('stages:\n', first));
  await runToEnd(cwd);
  return { cwd, place };
}

test('a key is released whose task is no longer called as in the file alone', async () => {
  const { cwd, place } = await renamed();
  writeFileSync(join(cwd, 'mended'), '');
  const { stderr } = await inProcess('dlq', 'redrive', ...place);
  expect(stderr).toContain('1 sent on, 0 stay');
  await runToEnd(cwd);
  const { stdout } = await inProcess('topics', 'read', 'loud', '--data', join(cwd, 'data'));
  const loud = stdout.split('\n').slice(0, -1);
  expect(loud.map((line) => (JSON.parse(line) as { value: string }).value)).toEqual([
    'BAD',
    'ONE',
    'TWO',
  ]);
});

test('what waits is counted, though the task is no longer called as in the file alone', async () => {
  const { place } = await renamed();
  const { stdout } = await inProcess('dlq', 'list', ...place, '--json');
  expect(JSON.parse(stdout)).toEqual([expect.objectContaining({ letters: 1, waiting: 2 })]);
});
