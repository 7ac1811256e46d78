import { expect, test } from 'vitest';
import type { Cli } from '../../runtime/cli/cli.ts';
import { eventually } from '../eventually.ts';
import { requireKafka, uniqueName } from '../harness/require.ts';
import { KafkaProject } from './kafka-project.ts';
import { Topics } from './topics.ts';

const kafka = requireKafka();

test('state in the data folder of another machine does not survive a reset: it is rebuilt, said aloud', async () => {
  const words = new KafkaProject({ name: uniqueName('words'), brokers: kafka().brokers });
  const topics = new Topics(kafka().brokers);
  const said = Array.from({ length: 12 }, (_, i) => `w${i}`);
  const changelog = `${words.name}-counts-changelog`;
  /** Word → how often it was counted, by the last row of each. */
  const counts = async (): Promise<Record<string, number>> => {
    const { stdout } = await words.run('topics', 'read', changelog);
    const lines = stdout.split('\n').filter((line) => line !== '');
    const rows = lines.map((line) => JSON.parse(line) as { key: string; value: number });
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  };
  const counted = (times: number): Promise<true> =>
    eventually(
      `each word is counted ${times} times`,
      async () => {
        const rows = await counts();
        return said.every((word) => rows[word] === times) || undefined;
      },
      60_000,
    );
  const member = async (folder: string): Promise<Cli> => {
    const cli = words.start('run', 'words.yaml', '--data', folder);
    await cli.until(({ stderr }) => stderr.includes('runs on Kafka'));
    return cli;
  };
  const stop = async (cli: Cli): Promise<string> => {
    cli.process.kill('SIGTERM');
    const { code, stderr } = await cli.ended;
    expect(code).toBe(0);
    return stderr;
  };
  await topics.create(`${words.name}-said`, 2);
  // Each of the two has had each task at some time.
  const one = await member('one');
  const two = await member('two');
  await topics.say(words, ...said);
  await counted(1);
  await stop(one);
  await topics.say(words, ...said);
  await counted(2);
  await stop(two);

  const reset = await words.run('reset', words.name, '--data', 'one', '--yes');
  expect(reset.code).toBe(0);
  expect(reset.stderr).toContain(`topic      ${changelog}`);

  // The input is read again, and the second folder's rows are of topics that are gone.
  const again = await member('two');
  await counted(2);
  expect(await stop(again)).toMatch(
    /store \\?"counts\\?" of partition \d is at \d+, .* was deleted and created again: it is rebuilt/,
  );
  expect(await counts()).toEqual(Object.fromEntries(said.map((word) => [word, 2])));
});
