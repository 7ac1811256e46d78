import { describe, expect, test } from 'vitest';
import type { Cli } from '../../runtime/cli/cli.ts';
import { eventually } from '../eventually.ts';
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
    const planned = await words.run('plan', 'words.yaml', '--json');
    expect([planned.code, JSON.parse(planned.stdout)]).toMatchObject([
      1,
      {
        ran: false,
        goesOn: false,
        differences: [
          {
            verdict: 'forbidden',
            subject: { kind: 'topic', name: `${words.name}-said` },
            change: expect.stringMatching(/^it is not there \(words\.yaml:3:3\)/) as string,
          },
        ],
      },
    ]);
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

describe('a topic that goes while the application runs', () => {
  /** A service that has written one word. */
  async function writing(): Promise<[words: KafkaProject, service: Cli]> {
    const words = project({ kafka: ['patience: 5s'] });
    await topics().create(`${words.name}-said`, 2);
    await topics().say(words, 'one');
    const service = await words.service();
    await eventually(
      'the word is written',
      async () => (await words.values(`${words.name}-loud`)).length > 0 || undefined,
      120_000,
    );
    return [words, service];
  }

  test('is an input', async () => {
    const [words, service] = await writing();
    await topics().remove(`${words.name}-said`);
    await words.expectGolden('kafka-input-gone', ['run', 'words.yaml'], await service.ended);
    await topics().createAnew(`${words.name}-said`, 2);
    await topics().say(words, 'one', 'two');
    await words.expectCatchesUp('one', 'one', 'two');
  });

  test('is an input that comes again', async () => {
    const [words, service] = await writing();
    await topics().remove(`${words.name}-said`);
    await topics().createAnew(`${words.name}-said`, 2);
    const { code, stderr } = await service.ended;
    // What it notices depends on when it looks.
    expect([code, stderr]).toEqual([3, expect.stringMatching(/\[TOPIC_(RECREATED|UNKNOWN)\]/)]);
    await topics().say(words, 'one', 'two');
    await words.expectCatchesUp('one', 'one', 'two');
  });

  test('is an output', async () => {
    const [words, service] = await writing();
    await topics().remove(`${words.name}-loud`);
    await topics().say(words, 'two');
    await words.expectGolden('kafka-output-gone', ['run', 'words.yaml'], await service.ended);
    await words.expectCatchesUp('two');
  });
});
