import type { KafkaConfig, SASLOptions } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { type ListenerKind, users } from './harness/cluster-options.ts';
import { runJava } from './harness/java.ts';
import { kafkaTools } from './harness/kafka-tools.ts';
import { requireCluster, uniqueName } from './harness/require.ts';
import { createTopic, kafkaJs } from './kafkajs-client.ts';

const cluster = requireCluster({ listeners: ['plain', 'tls', 'sasl', 'sasl-tls'], acls: true });

const username = 'alice';
const password = users[username] as string;

/** A token that is good for an hour, as the unsecured validator takes it. */
function unsecuredToken(subject: string): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + 3600 })}.`;
}

const mechanisms: readonly SASLOptions[] = [
  { mechanism: 'plain', username, password },
  { mechanism: 'scram-sha-256', username, password },
  { mechanism: 'scram-sha-512', username, password },
  {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => ({ value: unsecuredToken(username) }),
  },
];

/** Topics that a client of a listener sees. */
async function topicsSeen(listener: ListenerKind, config: Partial<KafkaConfig>): Promise<string[]> {
  const admin = kafkaJs(cluster().bootstrap(listener), {
    ...config,
    retry: { retries: 0 },
  }).admin();
  await admin.connect();
  try {
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

const trusting = (): Partial<KafkaConfig> => ({ ssl: { ca: [cluster().ca as string] } });

describe('a cluster with all kinds of listeners', () => {
  test('serves a client that trusts its certificate, and no other', async () => {
    await expect(topicsSeen('tls', trusting())).resolves.toBeInstanceOf(Array);
    await expect(topicsSeen('tls', { ssl: true })).rejects.toThrow(/self-signed certificate/);
  });

  test.each(mechanisms)('lets a user in by $mechanism', async (sasl) => {
    await expect(topicsSeen('sasl', { sasl })).resolves.toBeInstanceOf(Array);
    await expect(topicsSeen('sasl-tls', { ...trusting(), sasl })).resolves.toBeInstanceOf(Array);
  });

  test.each(mechanisms.slice(0, 3))('keeps a wrong password out by $mechanism', async (sasl) => {
    // KafkaJS keeps what it made of a password in the options' object: a wrong one needs its own.
    const wrong = { mechanism: sasl.mechanism, username, password: 'guess' } as SASLOptions;
    await expect(topicsSeen('sasl', { sasl: wrong })).rejects.toThrow(/[Aa]uthentication/);
  });

  test('shows a user what the rules allow, and a nobody everything', async () => {
    const topic = uniqueName('secret');
    await createTopic(kafkaJs(cluster().bootstrap('plain')), topic);
    const sasl: SASLOptions = { mechanism: 'plain', username, password };
    expect(await topicsSeen('plain', {})).toContain(topic);
    expect(await topicsSeen('sasl', { sasl })).not.toContain(topic);
    const { code, stderr } = await runJava(kafkaTools.acls, [
      '--bootstrap-server',
      cluster().bootstrap('plain').join(','),
      ...`--add --allow-principal User:${username} --operation Describe --topic ${topic}`.split(
        ' ',
      ),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect.poll(() => topicsSeen('sasl', { sasl }), { timeout: 10_000 }).toContain(topic);
  });
});
