import { StreamsError } from '../../topology/core/errors.ts';
import type { Reaction } from './reaction.ts';

/**
 * A request that got no answer: the connection could not be made, it broke, or time ran out.
 * Codes: `KAFKA_UNREACHABLE`, `KAFKA_DISCONNECTED`, `KAFKA_TIMEOUT`, `KAFKA_CLOSED`.
 */
export class WireError extends StreamsError {
  /**
   * `unsent`: the broker has not seen the request. `unknown`: it may have, and may still carry
   * it out.
   */
  readonly outcome: 'unsent' | 'unknown';
  readonly reaction: Reaction;

  constructor(
    code: string,
    message: string,
    options: { outcome: WireError['outcome']; reaction: Reaction; cause?: unknown },
  ) {
    super(code, message, { cause: options.cause });
    this.outcome = options.outcome;
    this.reaction = options.reaction;
  }
}

/** No connection to a broker: nothing was sent. `said` is what the attempt ended with. */
export function unreachable(where: string, said: string, cause?: unknown): WireError {
  return new WireError('KAFKA_UNREACHABLE', `no connection to ${where}: ${said}`, {
    outcome: 'unsent',
    reaction: 'refresh-metadata',
    cause,
  });
}

/** The connection broke while the request was on its way. */
export function disconnected(where: string, request: string, said: string): WireError {
  return new WireError(
    'KAFKA_DISCONNECTED',
    `the connection to ${where} broke before ${request} was answered: ${said}`,
    { outcome: 'unknown', reaction: 'refresh-metadata' },
  );
}

/** No answer in time. The connection is given up with everything on it. */
export function timedOut(where: string, request: string, timeoutMs: number): WireError {
  return new WireError(
    'KAFKA_TIMEOUT',
    `${where} did not answer ${request} within ${timeoutMs} ms`,
    { outcome: 'unknown', reaction: 'refresh-metadata' },
  );
}

/** A request after `close`. */
export function wireClosed(request: string): WireError {
  return new WireError('KAFKA_CLOSED', `${request} was not sent: the connection is closed`, {
    outcome: 'unsent',
    reaction: 'fatal',
  });
}
