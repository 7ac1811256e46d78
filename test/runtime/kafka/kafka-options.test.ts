import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { compileKafkaOptions } from '../../../runtime/kafka/kafka-options.ts';

const brokers = ['localhost:9092'];

function refusal(more: object): string {
  try {
    compileKafkaOptions({ brokers, ...more });
  } catch (error) {
    const { name, code, message } = error as Error & { code: string };
    return `${name} ${code}: ${message}`;
  }
  return 'taken';
}

function keyPem(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

describe('compileKafkaOptions', () => {
  test('fills in the defaults', () => {
    expect(compileKafkaOptions({ brokers })).toEqual({
      brokers: [{ host: 'localhost', port: 9092 }],
      clientId: 'millrace',
      ssl: undefined,
      sasl: undefined,
      connectTimeoutMs: 10_000,
      requestTimeoutMs: 30_000,
    });
  });

  test.each([
    ['kafka-1.example.com:9092', 'kafka-1.example.com', 9092],
    [' 10.0.0.1:1 ', '10.0.0.1', 1],
    ['[::1]:65535', '::1', 65_535],
  ])('takes the address %s', (text, host, port) => {
    expect(compileKafkaOptions({ brokers: [text] }).brokers).toEqual([{ host, port }]);
  });

  test.each([
    'localhost',
    ':9092',
    'localhost:',
    'localhost:0',
    'localhost:65536',
    'a b:1',
    'kafka://a:1',
    '::1:9092',
    '',
  ])('refuses the address "%s"', (text) => {
    expect(refusal({ brokers: [text] })).toBe(
      `ConfigError OPTION_BROKERS: broker "${text}" is no address: write host:port, such as localhost:9092`,
    );
  });

  test.each([
    [{ brokers: [] }, 'OPTION_BROKERS: no broker is named: give host:port of one at least'],
    [{ clientId: '' }, 'OPTION_CLIENT_ID: clientId is empty: give a name, or leave it out'],
    [{ connectTimeout: 0 }, 'OPTION_DURATION: connectTimeout is 0: give it some time'],
    [{ requestTimeout: '0s' }, 'OPTION_DURATION: requestTimeout is 0: give it some time'],
    [
      { requestTimeout: 'soon' },
      'OPTION_DURATION: requestTimeout is "soon", which is no duration: write it like 250ms, 5s, 1m30s, 24h or 7d',
    ],
    [
      { tls: { ca: 'ca.pem' } },
      'OPTION_TLS: tls.ca is not a PEM certificate: PEM begins with -----BEGIN',
    ],
    [
      { tls: { cert: 'x' } },
      'OPTION_TLS: tls.cert is given without tls.key: a client certificate takes both',
    ],
    [
      { tls: { key: 'x' } },
      'OPTION_TLS: tls.key is given without tls.cert: a client certificate takes both',
    ],
    [
      { tls: { cert: 'x', key: keyPem() } },
      'OPTION_TLS: tls.cert is not a PEM certificate: PEM begins with -----BEGIN',
    ],
    [
      { sasl: { mechanism: 'PLAIN', username: '', password: 'x' } },
      'OPTION_SASL: sasl.username is empty',
    ],
    [
      { sasl: { mechanism: 'SCRAM-SHA-512', username: 'x', password: '' } },
      'OPTION_SASL: sasl.password is empty',
    ],
    [{ sasl: { mechanism: 'OAUTHBEARER', token: '' } }, 'OPTION_SASL: sasl.token is empty'],
    [
      { sasl: { mechanism: 'GSSAPI' } },
      'OPTION_SASL: sasl.mechanism "GSSAPI" is not known: it is one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER',
    ],
  ])('refuses %o', (more, message) => {
    expect(refusal(more)).toBe(`ConfigError ${message}`);
  });

  test('takes TLS with the authorities that Node trusts', () => {
    expect(compileKafkaOptions({ brokers, tls: true }).ssl).toEqual({});
    expect(compileKafkaOptions({ brokers, tls: false }).ssl).toBeUndefined();
  });

  test('takes a name and a password', () => {
    const sasl = { mechanism: 'SCRAM-SHA-256', username: 'alice', password: 'secret' } as const;
    expect(compileKafkaOptions({ brokers, sasl }).sasl).toEqual({
      mechanism: 'scram-sha-256',
      username: 'alice',
      password: 'secret',
    });
  });
});
