import { expect, test } from 'vitest';
import { runTool } from '../harness/kafka-tools.ts';
import { requireJava, requireKafka, uniqueName } from '../harness/require.ts';
import { KafkaProject } from './kafka-project.ts';
import { Topics } from './topics.ts';

requireJava();
const kafka = requireKafka();

/** An application that has said two words, is stopped, and whose group the brokers have forgotten. */
async function forgotten(...settings: readonly string[]): Promise<KafkaProject> {
  const { brokers } = kafka();
  const words = new KafkaProject({ name: uniqueName('words'), brokers, kafka: settings });
  const topics = new Topics(brokers);
  await topics.create(`${words.name}-said`, 2);
  await topics.say(words, 'one', 'two');
  await words.expectCatchesUp('one', 'two');
  // As they do by themselves when nobody was in it for offsets.retention.minutes.
  await runTool('consumer-groups', brokers, ['--delete', '--group', words.name]);
  await topics.say(words, 'three');
  return words;
}

test('an application whose group is gone goes on where it was, and says so', async () => {
  const words = await forgotten();
  const { code, stderr } = await words.run('run', 'words.yaml', '--until-caught-up');
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(
      /has no position in \S+-said-\d any more: goes on at \d+, where the last/,
    ),
  ]);
  await words.expectCatchesUp('one', 'three', 'two');
});

test('with at-least-once it reads its input again: no transaction holds positions and records together', async () => {
  const words = await forgotten('guarantee: at-least-once');
  await words.expectCatchesUp('one', 'one', 'three', 'two', 'two');
});
