import { describe, expect, test } from 'vitest';
import { requireKafka, uniqueName } from '../harness/require.ts';
import { KafkaProject, type KafkaProjectOptions, wordsTopology } from './kafka-project.ts';
import { Topics } from './topics.ts';

const kafka = requireKafka();
const topics = (): Topics => new Topics(kafka().brokers);

function project(more: Partial<KafkaProjectOptions> = {}): KafkaProject {
  return new KafkaProject({ name: uniqueName('words'), brokers: kafka().brokers, ...more });
}

describe('a topic that does not fit', () => {
  test('is missing, and the file does not say how to create it', async () => {
    const words = project({ said: '' });
    await words.expectRun('kafka-topic-missing');
    await topics().create(`${words.name}-said`, 3);
    await topics().say(words, 'one', 'two');
    await words.expectCatchesUp('one', 'two');
  });

  test('has another number of partitions', async () => {
    const words = project();
    await topics().create(`${words.name}-said`, 3);
    await topics().say(words, 'one', 'two');
    await words.expectRun('kafka-partitions');
    words.write('words.yaml', wordsTopology(words.name, 'partitions: 3'));
    await words.expectCatchesUp('one', 'two');
  });

  test('is compacted, and read as a stream', async () => {
    const words = project();
    await topics().create(`${words.name}-said`, 2, { 'cleanup.policy': 'compact' });
    await topics().say(words, 'one', 'two');
    await words.expectRun('kafka-cleanup');
    words.write('words.yaml', wordsTopology(words.name, 'partitions: 2, cleanup: compact'));
    await words.expectCatchesUp('one', 'two');
  });

  test('is a changelog that somebody else created', async () => {
    const words = project();
    await topics().create(`${words.name}-counts-changelog`, 3);
    await topics().create(`${words.name}-said`, 2);
    await topics().say(words, 'one', 'two');
    await words.expectRun('kafka-changelog');
    await topics().remove(`${words.name}-counts-changelog`);
    await words.expectCatchesUp('one', 'two');
  });

  test('is a changelog that is gone', async () => {
    const words = project();
    await topics().create(`${words.name}-said`, 2);
    await topics().say(words, 'one', 'two');
    await words.expectCatchesUp('one', 'two');
    await topics().remove(`${words.name}-counts-changelog`);
    await words.expectRun('kafka-changelog-gone');
    expect((await words.run('reset', 'words.yaml', '--yes')).code).toBe(0);
    // The input is read again.
    await words.expectCatchesUp('one', 'one', 'two', 'two');
  });

  test('cannot have as many copies as it should', async () => {
    await project({ kafka: ['replication-factor: 7'] }).expectRun('kafka-replication');
  });
});
