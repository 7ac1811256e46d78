import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { schemaTopic } from '../../../runtime/app/topic-registry.ts';
import { apiVersions } from '../../../runtime/kafka/messages/api-versions.ts';
import { metadata } from '../../../runtime/kafka/messages/metadata.ts';
import { StandInBroker } from '../../runtime/kafka/carrier/stand-in-broker.ts';
import type { ListenerKind } from '../harness/cluster-options.ts';
import { requireCluster } from '../harness/require.ts';
import { KafkaProject } from './kafka-project.ts';
import { Topics } from './topics.ts';

const cluster = requireCluster({ listeners: ['plain', 'tls', 'sasl'] });

/** A project on a listener of the cluster. */
function on(kind: ListenerKind, kafka: readonly string[] = []): KafkaProject {
  const env = { PASSWORD: 'guess' };
  return new KafkaProject({ name: 'words', brokers: cluster().bootstrap(kind), kafka, env });
}

/** `host:port` where nobody listens. */
async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `127.0.0.1:${port}`;
}

describe('a cluster that cannot be used', () => {
  test('because nobody listens', async () => {
    const brokers = [await nobody(), await nobody()];
    await new KafkaProject({ name: 'words', brokers }).expectRun('kafka-unreachable');
  });

  test('because the port does not speak TLS', () =>
    on('plain', ['tls: true']).expectRun('kafka-tls-to-plain'));

  test('because the port wants TLS', () => on('tls').expectRun('kafka-plain-to-tls'));

  test('because its certificate is not trusted', () =>
    on('tls', ['tls: true']).expectRun('kafka-untrusted'));

  test('because the password is wrong', async () => {
    const login = '{ mechanism: SCRAM-SHA-512, username: alice, password: "${PASSWORD}" }';
    await on('sasl', [`sasl: ${login}`]).expectRun('kafka-password');
  });

  test('because it wants a password', () => on('sasl').expectRun('kafka-no-password'));

  test('because the port takes no password', async () => {
    const login = '{ mechanism: PLAIN, username: alice, password: "${PASSWORD}" }';
    await on('plain', [`sasl: ${login}`]).expectRun('kafka-no-sasl');
  });

  test('because the certificate of the runner file is not there', () =>
    on('tls', ['tls: { ca: ca.pem }']).expectRun('kafka-ca-missing'));

  test('because the certificate of the runner file is none', async () => {
    const project = on('tls', ['tls: { ca: ca.pem }']);
    writeFileSync(join(project.folder, 'ca.pem'), 'x');
    await project.expectRun('kafka-ca-none');
  });
});

describe('a broker that is too old', () => {
  let broker: StandInBroker | undefined;
  afterEach(() => broker?.close());

  async function runOn(answer: 'ranges' | 'refusal', golden: string): Promise<void> {
    broker = await StandInBroker.start();
    broker.names({ 1: broker });
    const apiKeys = [metadata, apiVersions].map(({ key }) => ({
      apiKey: key,
      minVersion: 0,
      maxVersion: 9,
    }));
    broker.on(apiVersions, () => ({
      errorCode: answer === 'ranges' ? 0 : 35,
      apiKeys,
      throttleTimeMs: 0,
      supportedFeatures: [],
      finalizedFeaturesEpoch: -1,
      finalizedFeatures: [],
    }));
    const project = new KafkaProject({ name: 'words', brokers: [broker.address] });
    await project.expectRun(golden);
  }

  test('is refused by the versions that it takes', () => runOn('ranges', 'kafka-old'));

  test('is refused when it does not even tell its versions', () =>
    runOn('refusal', 'kafka-very-old'));
});

describe('a cluster that has lost the topic of the schemas', () => {
  test('has them again, with the ids that they had, when their application starts', async () => {
    const text = 'key: string, value: string, format: string, partitions: 1';
    const project = new KafkaProject({
      name: 'wrap',
      brokers: cluster().bootstrap('plain'),
      files: {
        'words.yaml': `application: wrap
schemas: schemas
streams:
  said: { topic: wrap-said, ${text} }
  loud: { topic: wrap-loud, key: string, value: text.Said, partitions: 1 }
stages:
  wrap: { from: said, map-values: { as: text.Said, set: { word: value } }, to: loud }
`,
        'schemas/said.avsc':
          '{ "type": "record", "name": "text.Said", "fields": [{ "name": "word", "type": "string" }] }',
      },
    });
    const topics = new Topics(cluster().bootstrap('plain'));
    const catchUp = async (): Promise<void> => {
      const { code, stderr } = await project.run('run', 'words.yaml', '--until-caught-up');
      expect([code, stderr]).toEqual([0, expect.stringContaining('has caught up: 1 records')]);
    };
    await topics.create('wrap-said', 1);
    await topics.say(project, 'one');
    await catchUp();
    expect(await project.read('wrap-loud')).toEqual([{ word: 'one' }]);
    await topics.remove(schemaTopic);
    expect(await project.read('wrap-loud')).toEqual([
      { base64: expect.any(String), reason: expect.stringMatching(/schema/) },
    ]);
    await topics.say(project, 'two');
    await catchUp();
    expect(await project.read('wrap-loud')).toEqual([{ word: 'one' }, { word: 'two' }]);
  });
});
