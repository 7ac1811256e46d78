import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { openWire } from '../../../../runtime/kafka/carrier/open-wire.ts';
import { apiVersions } from '../../../../runtime/kafka/messages/api-versions.ts';
import { metadata } from '../../../../runtime/kafka/messages/metadata.ts';
import type { KafkaOptions } from '../../../../runtime/kafka/kafka-options.ts';
import { sees, WireHarness } from './wire-harness.ts';

const it = new WireHarness();

/** The error of a connection with these options: the class, the code and the message. */
async function failure(kafka: KafkaOptions): Promise<string> {
  const error: unknown = await openWire({ kafka, clock: it.clock }).catch((e: unknown) => e);
  const { name, code, message } = error as Error & { code: string };
  return `${name} ${code}: ${message}`;
}

/** `host:port` where nobody listens. */
async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `127.0.0.1:${port}`;
}

describe('openWire', () => {
  test('takes the first broker that answers', async () => {
    const wire = await it.open({ brokers: [await nobody(), it.second.address] });
    expect((await wire.cluster()).nodes.length).toBe(2);
  });

  test('names itself as it is told to', async () => {
    await it.open({ brokers: [it.second.address], clientId: 'shop-1' });
    expect(it.second.seen.map(({ clientId }) => clientId)).toEqual(['shop-1', 'shop-1']);
  });

  test('tells what each address said where none answers', async () => {
    const refusing = await nobody();
    it.second.on(metadata, () => 'close');
    expect(
      await failure({ brokers: [refusing, 'no-such-host.invalid:9092', it.second.address] }),
    ).toBe(
      'ConfigError KAFKA_BROKERS: no broker of the cluster answers:\n' +
        `  no connection to ${refusing}: connection refused: nothing listens there\n` +
        '  no connection to no-such-host.invalid:9092: unknown host name\n' +
        `  the connection to ${it.second.address} broke before Metadata was answered: ` +
        'the broker closed it at the first request; it may want SASL authentication\n' +
        'check brokers, tls and sasl',
    );
  });

  test('gives up an address that takes connections and says nothing', async () => {
    it.second.on(apiVersions, () => 'silence');
    const failed = failure({ brokers: [it.second.address], connectTimeout: '3s' });
    await sees(it.second, 'ApiVersions');
    it.clock.advanceTo(3_000);
    expect(await failed).toContain(
      `no connection to ${it.second.address}: no answer within 3000 ms (does the port want TLS?)`,
    );
  });

  test('asks about TLS where a plain connection is closed before the first answer', async () => {
    it.second.on(apiVersions, () => 'close');
    expect(await failure({ brokers: [it.second.address] })).toContain(
      `${it.second.address}: the broker closed it (does the port want TLS?)`,
    );
  });

  test('asks about TLS where an encrypted connection is closed before it is ready', async () => {
    expect(await failure({ brokers: [it.second.address], tls: true })).toMatch(
      /ConfigError KAFKA_BROKERS: .*\(does the port speak TLS\?\)/s,
    );
  });

  test('refuses a broker that is too old, with what it takes', async () => {
    const old = [
      { apiKey: metadata.key, minVersion: 0, maxVersion: 9 },
      { apiKey: apiVersions.key, minVersion: 0, maxVersion: 3 },
    ];
    it.second.on(apiVersions, () => ({
      errorCode: 0,
      apiKeys: old,
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
    }));
    expect(await failure({ brokers: [it.second.address] })).toBe(
      `ConfigError BROKER_VERSION: ${it.second.address} is too old: Kafka 3.6 or newer is needed ` +
        '(of Metadata this needs version 12, and the broker takes 0 to 9)',
    );
  });

  test('refuses a broker that is too new, with what it takes', async () => {
    const coming = [
      { apiKey: metadata.key, minVersion: 14, maxVersion: 20 },
      { apiKey: apiVersions.key, minVersion: 0, maxVersion: 5 },
    ];
    it.second.on(apiVersions, () => ({
      errorCode: 0,
      apiKeys: coming,
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
    }));
    expect(await failure({ brokers: [it.second.address] })).toBe(
      `ConfigError BROKER_VERSION: ${it.second.address} is too new for this version of Millrace, ` +
        'take a newer one: of Metadata this knows version 12, and the broker takes 14 to 20',
    );
  });

  test('refuses a broker that does not know the newer ApiVersions', async () => {
    it.second.on(apiVersions, () => ({
      errorCode: 35,
      apiKeys: [],
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
    }));
    expect(await failure({ brokers: [it.second.address] })).toBe(
      `ConfigError BROKER_VERSION: ${it.second.address} is too old: Kafka 3.6 or newer is needed`,
    );
  });

  test('refuses the port of a controller', async () => {
    it.second.on(apiVersions, () => ({
      errorCode: 0,
      apiKeys: [{ apiKey: apiVersions.key, minVersion: 0, maxVersion: 3 }],
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
    }));
    expect(await failure({ brokers: [it.second.address] })).toBe(
      `ConfigError KAFKA_BROKERS: ${it.second.address} is a controller: name a broker's port`,
    );
  });
});
