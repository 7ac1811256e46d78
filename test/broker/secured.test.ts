import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SummaryJson } from '../../runtime/orders/summary.ts';
import { sample, writeBaskets } from '../chaos/baskets.ts';
import { cli } from '../runtime/cli/cli.ts';
import { KafkaProject } from './cli/kafka-project.ts';
import { Topics } from './cli/topics.ts';
import { users } from './harness/cluster-options.ts';
import { requireCluster } from './harness/require.ts';

vi.setConfig({ testTimeout: 240_000 });

const root = resolve(import.meta.dirname, '../..');
const cluster = requireCluster({ listeners: ['plain', 'mtls', 'sasl-tls'] });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secured-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

test('the order system logs in over TLS, as its runner file says', async () => {
  const orders = join(folder, 'baskets.avro');
  await writeBaskets(orders, await sample(50));
  await writeFile(join(folder, 'ca.pem'), cluster().ca ?? '');
  const config = join(folder, 'cluster.yaml');
  await writeFile(
    config,
    `data: data
log: kafka
kafka:
  brokers: ['${cluster().bootstrap('sasl-tls').join("', '")}']
  tls: { ca: ca.pem }
  sasl: { mechanism: SCRAM-SHA-512, username: alice, password: '\${PASSWORD}' }
`,
  );
  const { code, stdout, stderr } = await cli(
    ['--config', config, '--orders', orders, '--latency', '1ms', '--json'],
    {
      cwd: root,
      script: join(root, 'runtime/orders/start.ts'),
      env: { PASSWORD: users.alice ?? '' },
    },
  );
  expect([code, stderr]).toEqual([0, '']);
  const summary = JSON.parse(stdout) as SummaryJson;
  expect(summary).toMatchObject({ placed: 50, inFlight: 0 });
});

test('an application shows its certificate to brokers that want one', async () => {
  const { cert = '', key = '' } = cluster().client ?? {};
  const project = new KafkaProject({
    name: 'words',
    brokers: cluster().bootstrap('mtls'),
    kafka: ['tls: { ca: ca.pem, cert: client.pem, key: client.key }'],
    files: { 'ca.pem': cluster().ca ?? '', 'client.pem': cert, 'client.key': key },
  });
  await new Topics(cluster().bootstrap('plain')).create('words-said', 2);
  await new Topics(cluster().bootstrap('plain')).say(project, 'one', 'two');
  await project.expectCatchesUp('one', 'two');
});
