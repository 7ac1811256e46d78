import { describe, expect, test } from 'vitest';
import { openFailure, socketFailure } from '../../../../runtime/kafka/carrier/open-failure.ts';

const plain = { tls: false, sasl: undefined };
const where = 'kafka:9092';

describe('socketFailure', () => {
  test.each([
    [
      { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
      'connection refused: nothing listens there',
    ],
    [{ code: 'ENOTFOUND' }, 'unknown host name'],
    [{ code: 'ETIMEDOUT', message: '' }, 'no answer'],
    [{ code: 'EOTHER', message: '' }, 'EOTHER'],
    [{ message: 'told' }, 'told'],
    [{}, 'unknown failure'],
  ])('says %o as "%s"', (error, words) => {
    expect(socketFailure(error)).toBe(words);
  });
});

describe('openFailure', () => {
  test.each([
    [
      'SELF_SIGNED_CERT_IN_CHAIN',
      "is not trusted: nobody known has signed its certificate: give the authority's certificate as tls.ca",
    ],
    ['CERT_HAS_EXPIRED', 'is not trusted: its certificate has expired'],
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'is not trusted: its certificate is for another name: set tls.servername to the name in it',
    ],
    [
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'and this client do not agree: it wants a certificate of the client that it trusts: ' +
        'give tls.cert and tls.key (tlsv13 alert certificate required)',
    ],
    [
      'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
      'and this client do not agree: it wants a certificate of the client that it trusts: ' +
        'give tls.cert and tls.key (ssl/tls alert bad certificate)',
    ],
    [
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      'and this client do not agree: it wants a certificate of the client that it trusts: ' +
        'give tls.cert and tls.key (tlsv1 alert unknown ca)',
    ],
    [
      'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
      'and this client do not agree: ssl/tls alert handshake failure',
    ],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'and this client do not agree: the port does not speak TLS'],
    ['ERR_SSL_NO_SHARED_CIPHER', 'and this client do not agree: no shared cipher'],
  ])('of TLS with %s cannot pass by itself', (code, words) => {
    expect(openFailure(where, { code }, { ...plain, tls: true }, 'connect')).toMatchObject({
      name: 'ConfigError',
      code: 'KAFKA_TLS',
      message: `${where} ${words}`,
    });
  });

  test.each([
    ['ILLEGAL_SASL_STATE', 'takes no SASL: leave out sasl, or its port'],
    ['UNSUPPORTED_SASL_MECHANISM', 'does not offer SASL PLAIN'],
  ])('of SASL with %s cannot pass by itself', (type, words) => {
    const error = openFailure(
      where,
      { type, code: 34 },
      { tls: false, sasl: 'plain' },
      'authenticate',
    );
    expect(error).toMatchObject({
      name: 'ConfigError',
      code: 'KAFKA_SASL',
      message: `${where} ${words}`,
    });
  });
});
