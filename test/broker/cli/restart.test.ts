import { expect, test } from 'vitest';
import { endTxn } from '../../../runtime/kafka/messages/end-txn.ts';
import { eventually } from '../eventually.ts';
import { requireCluster } from '../harness/require.ts';
import { KafkaProject } from './kafka-project.ts';
import { Topics } from './topics.ts';

const cluster = requireCluster({ proxied: true });

/** After this the brokers would abort the transaction by themselves. */
const transactionMs = 300_000;

test.each([
  ['a static member', 'true'],
  ['a member like any other', 'false'],
])('a restart of %s, killed in a commit, does not wait for the transaction', async (_, fixed) => {
  const words = new KafkaProject({
    name: `words-${fixed}`,
    brokers: cluster().brokers,
    kafka: [
      `transaction-timeout: ${transactionMs}ms`,
      `static-membership: ${fixed}`,
      'session-timeout: 6s',
    ],
  });
  const loud = `${words.name}-loud`;
  const topics = new Topics(cluster().brokers);
  const first = await words.service();
  await topics.say(words, 'one');
  const appear = (count: number): Promise<true> =>
    eventually(
      'they come out',
      async () => (await words.values(loud)).length >= count || undefined,
      transactionMs / 2,
    );
  await appear(1);
  const commits = cluster()
    .proxy(1)
    .hold(({ apiKey }) => apiKey === endTxn.key);
  await topics.say(words, 'two');
  await commits.waitFor(1, 60_000);
  first.process.kill('SIGKILL');
  await first.ended;
  commits.drop();
  const second = await words.service();
  await appear(2);
  await topics.say(words, 'three');
  await appear(3);
  second.process.kill('SIGTERM');
  expect((await second.ended).code).toBe(0);
  expect(await words.values(loud)).toEqual(['one!', 'three!', 'two!']);
});
