import { createPrivateKey } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { openWire } from '../../../runtime/kafka/carrier/open-wire.ts';
import type { KafkaOptions } from '../../../runtime/kafka/kafka-options.ts';
import type { SaslOptions } from '../../../runtime/kafka/sasl-options.ts';
import { type ListenerKind, users } from '../harness/cluster-options.ts';
import { requireCluster } from '../harness/require.ts';
import { clientCertificate } from '../harness/tls.ts';

const cluster = requireCluster({
  listeners: ['plain', 'tls', 'mtls', 'sasl', 'sasl-tls'],
  // KafkaJS authenticates again 10 s before the end of a session: here after half a second.
  settings: { 'connections.max.reauth.ms': 10_500 },
});

/** A token that the brokers of tests take, for nobody in particular to forge. */
function token(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  return `${part({ alg: 'none' })}.${part({ iat: now, exp: now + 3_600, ...claims })}.`;
}

function options(kind: ListenerKind, more: Partial<KafkaOptions>): KafkaOptions {
  return { brokers: cluster().bootstrap(kind), ...more };
}

/** Number of brokers that are seen with these options. */
async function nodes(kafka: KafkaOptions): Promise<number> {
  const wire = await openWire({ kafka, clock: systemClock });
  try {
    const [node] = (await wire.cluster()).nodes;
    await wire.versions(node?.id ?? -1);
    return (await wire.cluster()).nodes.length;
  } finally {
    await wire.close();
  }
}

async function failure(kafka: KafkaOptions): Promise<string> {
  const found = await nodes(kafka).catch((error: unknown) => error);
  if (typeof found === 'number') return 'connected';
  const { name, code, message } = found as Error & { code: string };
  return `${name} ${code}: ${message}`;
}

function ca(): string {
  return cluster().ca ?? '';
}

const password = users.alice ?? '';
const mechanisms: readonly SaslOptions[] = [
  { mechanism: 'PLAIN', username: 'alice', password },
  { mechanism: 'SCRAM-SHA-256', username: 'alice', password },
  { mechanism: 'SCRAM-SHA-512', username: 'alice', password },
  { mechanism: 'OAUTHBEARER', token: () => Promise.resolve(token({ sub: 'alice' })) },
  { mechanism: 'OAUTHBEARER', token: token({ sub: 'alice' }) },
];

describe('TLS', () => {
  test('connects where the certificate is signed by the authority that is given', async () => {
    expect(await nodes(options('tls', { tls: { ca: ca() } }))).toBe(1);
  });

  test('connects to any certificate when told to', async () => {
    expect(await nodes(options('tls', { tls: { rejectUnauthorized: false } }))).toBe(1);
  });

  test('refuses a certificate that nobody known has signed', async () => {
    expect(await failure(options('tls', { tls: true }))).toMatch(
      /^ConfigError KAFKA_TLS: 127\.0\.0\.1:\d+ is not trusted: .*tls\.ca$/,
    );
  });

  test('refuses a certificate for another name', async () => {
    const tls = { ca: ca(), servername: 'kafka.example.com' };
    expect(await failure(options('tls', { tls }))).toMatch(
      /^ConfigError KAFKA_TLS: .*for another name: set tls\.servername to the name in it$/,
    );
  });

  test('is asked about where it is spoken to a port without it', async () => {
    expect(await failure(options('plain', { tls: true }))).toMatch(
      /^ConfigError KAFKA_BROKERS: .*\(does the port speak TLS\?\)/s,
    );
  });

  test('is asked about where it is not spoken to a port with it', async () => {
    expect(await failure(options('tls', {}))).toMatch(
      /^ConfigError KAFKA_BROKERS: .*\(does the port want TLS\?\)/s,
    );
  });
});

describe('TLS with a certificate of the client', () => {
  const show = (more: object = {}): KafkaOptions => {
    const { cert = '', key = '' } = cluster().client ?? {};
    return options('mtls', { tls: { ca: ca(), cert, key, ...more } });
  };

  test('connects with the one that the brokers trust', async () => {
    expect(await nodes(show())).toBe(1);
  });

  test('connects with a key that a passphrase opens', async () => {
    const passphrase = 'open sesame';
    const key = createPrivateKey(cluster().client?.key ?? '')
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
      .toString();
    expect(key).toContain('ENCRYPTED');
    expect(await nodes(show({ key, passphrase }))).toBe(1);
  });

  const wanted =
    /^ConfigError KAFKA_TLS: .* it wants a certificate of the client that it trusts: give tls\.cert and tls\.key \(/;

  test('is asked for where none is given', async () => {
    const tls = { ca: ca() };
    expect(await failure(options('mtls', { tls }))).toMatch(wanted);
  });

  test('refuses one that the brokers do not trust', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'client-'));
    try {
      const { cert, key } = await clientCertificate(folder, 'stranger');
      expect(await failure(show({ cert, key }))).toMatch(wanted);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe.each(mechanisms.map((it) => [it.mechanism, it] as const))('SASL %s', (_, sasl) => {
  test('logs in in the clear', async () => {
    expect(await nodes(options('sasl', { sasl }))).toBe(1);
  });

  test('logs in over TLS', async () => {
    expect(await nodes(options('sasl-tls', { sasl, tls: { ca: ca() } }))).toBe(1);
  });
});

describe('SASL', () => {
  test.each([
    ['PLAIN', { username: 'alice', password: 'wrong' }],
    ['PLAIN', { username: 'nobody', password }],
    ['SCRAM-SHA-256', { username: 'alice', password: 'wrong' }],
    ['SCRAM-SHA-512', { username: 'nobody', password }],
    ['OAUTHBEARER', { token: 'no token' }],
    ['OAUTHBEARER', { token: token({ sub: 'alice', exp: 1 }) }],
  ])('%s with wrong credentials is refused: %o', async (mechanism, credentials) => {
    const sasl = { mechanism, ...credentials } as SaslOptions;
    expect(await failure(options('sasl', { sasl }))).toMatch(
      new RegExp(
        `^ConfigError KAFKA_CREDENTIALS: 127\\.0\\.0\\.1:\\d+ refuses the credentials \\(SASL ${mechanism}\\): `,
      ),
    );
  });

  test('is not taken by a port without it', async () => {
    const sasl: SaslOptions = { mechanism: 'PLAIN', username: 'alice', password };
    expect(await failure(options('plain', { sasl }))).toMatch(
      /^ConfigError KAFKA_SASL: 127\.0\.0\.1:\d+ takes no SASL: leave out sasl, or its port$/,
    );
  });

  test('is asked about where a port wants it', async () => {
    expect(await failure(options('sasl', {}))).toMatch(
      /^ConfigError KAFKA_BROKERS: .*closed it at the first request; it may want SASL/s,
    );
  });

  test('logs in again before a session ends, over the same connection', async () => {
    let asked = 0;
    const sasl: SaslOptions = {
      mechanism: 'OAUTHBEARER',
      token: () => {
        asked++;
        return Promise.resolve(token({ sub: 'alice' }));
      },
    };
    const wire = await openWire({ kafka: options('sasl', { sasl }), clock: systemClock });
    await expect
      .poll(() => wire.cluster().then(() => asked), { timeout: 10_000 })
      .toBeGreaterThan(2);
    expect(asked).toBeLessThan(10);
    await wire.close();
  });
});
