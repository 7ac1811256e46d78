import { ConfigError } from '../../../topology/core/errors.ts';
import { unreachable } from '../wire-error.ts';

/** What a socket's error says, in words. */
export function socketFailure(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  const known = code === undefined ? undefined : socketCodes[code];
  if (known !== undefined) return known;
  return message === undefined || message === '' ? (code ?? 'unknown failure') : message;
}

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

/**
 * Why a connection could not be opened, as the error it calls for: a wrong set-up is a ConfigError, anything that may pass a
 * WireError.
 */
export function openFailure(
  where: string,
  error: unknown,
  made: { readonly tls: boolean; readonly sasl: string | undefined },
): Error {
  const { name, type, message } = error as { name?: string; type?: string; message?: string };
  if (name === 'KafkaJSSASLAuthenticationError') {
    return new ConfigError(
      'KAFKA_CREDENTIALS',
      `${where} refuses the credentials (SASL ${made.sasl ?? ''}): ${message ?? ''}`,
    );
  }
  if (type === 'ILLEGAL_SASL_STATE') {
    return new ConfigError('KAFKA_SASL', `${where} takes no SASL on this port: leave out sasl`);
  }
  return unreachable(where, socketFailure(error), error);
}
