import { ConfigError } from '../../../topology/core/errors.ts';
import { unreachable } from '../wire-error.ts';

/** What a connection was tried with. */
export interface Made {
  readonly tls: boolean;
  /** The mechanism; undefined: no SASL. */
  readonly sasl: string | undefined;
}

/** How far an attempt came. */
export type Stage = 'connect' | 'versions' | 'authenticate';

const socketCodes: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused: nothing listens there',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'unknown host name',
  EAI_AGAIN: 'the host name could not be looked up',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  ETIMEDOUT: 'no answer',
  EPIPE: 'the broker closed it',
};

/** Certificate failures of Node → what to do. */
const certificateCodes: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted(),
  SELF_SIGNED_CERT_IN_CHAIN: untrusted(),
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted(),
  UNABLE_TO_GET_ISSUER_CERT: untrusted(),
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted(),
  CERT_SIGNATURE_FAILURE: untrusted(),
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet: compare the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'its certificate is for another name: set tls.servername to the name in it',
};

function untrusted(): string {
  return "nobody known has signed its certificate: give the authority's certificate as tls.ca";
}

/** KafkaJS's errors of the protocol have a number in its place. */
function socketCode(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** What a socket's error says, in words. */
export function socketFailure(error: unknown): string {
  const { name, message } = error as { name?: string; message?: string };
  const code = socketCode(error);
  if (name === 'KafkaJSConnectionClosedError') return 'the broker closed it';
  const known = code === undefined ? undefined : socketCodes[code];
  if (known !== undefined) return known;
  return message === undefined || message === '' ? (code ?? 'unknown failure') : message;
}

/**
 * Why a connection could not be opened, as the error it calls for: a set-up that cannot work is a ConfigError, what may pass
 * a WireError.
 */
export function openFailure(where: string, error: unknown, made: Made, stage: Stage): Error {
  if (error instanceof ConfigError) return error;
  const { name, type, message } = error as { name?: string; type?: string; message?: string };
  const code = socketCode(error) ?? '';
  const certificate = certificateCodes[code];
  if (certificate !== undefined) {
    return new ConfigError('KAFKA_TLS', `${where} is not trusted: ${certificate}`);
  }
  if (code.startsWith('ERR_SSL_')) {
    return new ConfigError('KAFKA_TLS', `${where} and this client do not agree: ${tlsAlert(code)}`);
  }
  const mechanism = made.sasl?.toUpperCase() ?? 'none';
  if (name === 'KafkaJSSASLAuthenticationError' || type === 'SASL_AUTHENTICATION_FAILED') {
    return new ConfigError(
      'KAFKA_CREDENTIALS',
      `${where} refuses the credentials (SASL ${mechanism}): ${message ?? ''}`,
    );
  }
  if (type === 'ILLEGAL_SASL_STATE') {
    return new ConfigError('KAFKA_SASL', `${where} takes no SASL: leave out sasl, or its port`);
  }
  if (type === 'UNSUPPORTED_SASL_MECHANISM') {
    return new ConfigError('KAFKA_SASL', `${where} does not offer SASL ${mechanism}`);
  }
  return unreachable(where, socketFailure(error) + hint(made, stage), error);
}

function tlsAlert(code: string): string {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'the port does not speak TLS';
  const alert = code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', ' ');
  // Alerts are the broker's judgement. With none given, brokers on Java say "bad certificate", too.
  if (!/alert (.* )?(certificate|unknown ca)/.test(alert)) return alert;
  return `it wants a certificate of the client that it trusts: give tls.cert and tls.key (${alert})`;
}

/** A broker does not say why it hangs up on what it does not understand. */
function hint(made: Made, stage: Stage): string {
  if (made.tls && stage === 'connect') return ' (does the port speak TLS?)';
  return !made.tls && stage === 'versions' ? ' (does the port want TLS?)' : '';
}
