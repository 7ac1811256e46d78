import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runPlace } from '../../../runtime/app/run-place.ts';
import { projects } from '../cli/project.ts';

const project = projects();

/** A runner file for a cluster, with a secret. */
const kafka = `data: state
log: kafka
kafka:
  brokers: [kafka-1:9093, kafka-2:9093]
  tls: { ca: ca.pem }
  sasl: { mechanism: PLAIN, username: alice, password: '\${PASSWORD}' }
`;

describe('runPlace', () => {
  test('is the data folder where neither options nor a file say anything', () => {
    expect(runPlace({}, {})).toMatchObject({
      data: join('.millrace', 'data'),
      choice: { data: join('.millrace', 'data') },
      where: join('.millrace', 'data'),
    });
  });

  test('is the cluster of the runner file, with its certificates and secrets', () => {
    const folder = project({ 'cluster.yaml': kafka, 'ca.pem': 'a certificate' });
    const place = runPlace({ config: join(folder, 'cluster.yaml') }, { PASSWORD: 'secret' });
    expect(place.where).toBe('Kafka at kafka-1:9093, kafka-2:9093');
    expect(place.choice).toEqual({
      data: join(folder, 'state'),
      kafka: {
        brokers: ['kafka-1:9093', 'kafka-2:9093'],
        tls: { ca: 'a certificate' },
        sasl: { mechanism: 'PLAIN', username: 'alice', password: 'secret' },
      },
    });
  });

  test('counts options before the runner file', () => {
    const folder = project({ 'cluster.yaml': kafka, 'ca.pem': 'a certificate' });
    const config = join(folder, 'cluster.yaml');
    const environment = { PASSWORD: 'secret' };
    const elsewhere = runPlace({ config, brokers: ['b:1'], data: 'd' }, environment);
    expect(elsewhere.where).toBe('Kafka at b:1');
    expect(elsewhere.choice).toMatchObject({ data: 'd', kafka: { tls: { ca: 'a certificate' } } });
    expect(runPlace({ config, log: 'embedded' }, environment).choice).toEqual({
      data: join(folder, 'state'),
    });
  });
});
