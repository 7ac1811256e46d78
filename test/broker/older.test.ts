import { expect, test } from 'vitest';
import { openKafkaLog } from '../../runtime/kafka/kafka-log.ts';
import { endTxn } from '../../runtime/kafka/messages/end-txn.ts';
import { describeLogContract } from '../runtime/log-contract.ts';
import { KafkaProject } from './cli/kafka-project.ts';
import { Topics } from './cli/topics.ts';
import { KafkaContractLog } from './contract-log.ts';
import { eventually } from './eventually.ts';
import { oldestKafkaVersion } from './harness/artifacts.ts';
import { requireCluster, uniqueName } from './harness/require.ts';

/** `MILLRACE_OLDER_KAFKA` tries another version. */
const version = process.env['MILLRACE_OLDER_KAFKA'] ?? oldestKafkaVersion;
const cluster = requireCluster({ version, proxied: true });

describeLogContract(`KafkaLog on Kafka ${version}`, async ({ clock }) => {
  const application = uniqueName('contract');
  const log = await openKafkaLog({
    kafka: { brokers: cluster().brokers },
    application,
    clock,
    random: Math.random,
  });
  return new KafkaContractLog(log, application, 'exactly-once');
});

test(`on Kafka ${version} members that come and are killed in a commit lose and double nothing`, async () => {
  const words = new KafkaProject({
    name: 'words',
    brokers: cluster().brokers,
    kafka: ['session-timeout: 6s'],
  });
  const topics = new Topics(cluster().brokers);
  await topics.create('words-said', 2);
  const appear = (count: number): Promise<true> =>
    eventually(
      `${count} come out`,
      async () => (await words.values('words-loud')).length >= count || undefined,
      120_000,
    );
  const first = await words.service();
  const second = await words.service();
  await topics.say(words, 'one', 'two', 'three', 'four');
  await appear(4);
  const commits = cluster()
    .proxy(1)
    .hold(({ apiKey }) => apiKey === endTxn.key);
  await topics.say(words, 'five', 'six', 'seven', 'eight');
  await commits.waitFor(1, 30_000);
  first.process.kill('SIGKILL');
  second.process.kill('SIGKILL');
  await Promise.all([first.ended, second.ended]);
  commits.drop();
  const third = await words.service();
  await appear(8);
  third.process.kill('SIGTERM');
  expect((await third.ended).code).toBe(0);
  const all = ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight'];
  await words.expectCatchesUp(...all);
  // It reads its input anew: each word, and what it sends through its repartition topic.
  expect(await words.run('reset', 'words.yaml', '--yes')).toMatchObject({ code: 0 });
  const again = await words.run('run', 'words.yaml', '--until-caught-up');
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('has caught up: 16 rec')]);
}, 300_000);
