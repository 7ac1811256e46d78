import { type Duration, parseDuration } from '../../topology/core/duration.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { isLoopback } from '../http-listen.ts';

/** How a member answers queries over HTTP. */
export interface QueriesOptions {
  /** Address that it listens on. @defaultValue '127.0.0.1' */
  readonly host?: string;
  /** 0: one that is free. @defaultValue 0 */
  readonly port?: number;
  /** Where other members reach it: `http://name:port`. @defaultValue host and port */
  readonly advertised?: string;
  /** What every request must bring (`Authorization: Bearer …`), of all members the same. Needed where `host` is no loopback address. */
  readonly token?: string;
  /** Longest wait for another member. @defaultValue '5s' */
  readonly timeout?: Duration;
}

/** {@link QueriesOptions}, checked. */
export interface CompiledQueriesOptions {
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end. */
  readonly advertised: string | undefined;
  readonly token: string | undefined;
  readonly timeoutMs: number;
}

/**
 * Checks and completes options.
 * @throws {ConfigError} OPTION_QUERIES, OPTION_DURATION
 */
export function compileQueriesOptions(options: QueriesOptions): CompiledQueriesOptions {
  const { host = '127.0.0.1', port = 0, advertised, token } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw refused(`queries.port is ${port}; it must be a whole number from 0 to 65535`);
  }
  if (token === '' || (token !== undefined && /[^!-~]/.test(token))) {
    throw refused('queries.token must be printable ASCII without spaces, and not empty');
  }
  if (!isLoopback(host) && token === undefined) {
    throw refused(
      `queries.host is ${host}, which others can reach: set queries.token, or take a loopback address`,
    );
  }
  if (isWildcard(host) && advertised === undefined) {
    throw refused(
      `queries.host is ${host}: say in queries.advertised where members reach this one`,
    );
  }
  return Object.freeze({
    host,
    port,
    advertised: advertised === undefined ? undefined : originOf(advertised),
    token,
    timeoutMs: parseDuration(options.timeout ?? '5s', 'queries.timeout'),
  });
}

function originOf(advertised: string): string {
  const url = URL.parse(advertised);
  const plain = url !== null && url.pathname === '/' && url.search === '' && url.hash === '';
  if (!plain || !/^https?:$/.test(url.protocol) || url.username !== '') {
    throw refused(
      `queries.advertised is "${advertised}"; write http://host:port (or https, of a proxy before it)`,
    );
  }
  return url.origin;
}

function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

function refused(message: string): ConfigError {
  return new ConfigError('OPTION_QUERIES', message);
}
