import { ConfigError } from '../../topology/core/errors.ts';
import { isLoopback } from '../http-listen.ts';

/** How a registry is served over HTTP. */
export interface ServeOptions {
  /** Address that it listens on. @defaultValue '127.0.0.1' */
  readonly host?: string;
  /** 0: one that is free. @defaultValue 8081 */
  readonly port?: number;
  /** What every request must bring: as a bearer, or as the password of any user. Needed where `host` is no loopback address. */
  readonly token?: string;
}

/** {@link ServeOptions}, checked. */
export interface CompiledServeOptions {
  readonly host: string;
  readonly port: number;
  readonly token: string | undefined;
}

/**
 * Checks and completes options.
 * @throws {ConfigError} OPTION_REGISTRY
 */
export function compileServeOptions(options: ServeOptions): CompiledServeOptions {
  const { host = '127.0.0.1', port = 8081, token } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw refused(`the port is ${port}; it must be a whole number from 0 to 65535`);
  }
  if (token === '' || (token !== undefined && /[^!-~]/.test(token))) {
    throw refused('the token must be printable ASCII without spaces, and not empty');
  }
  if (!isLoopback(host) && token === undefined) {
    throw refused(
      `the host is ${host}, which others can reach: give a token, or take a loopback address`,
    );
  }
  return Object.freeze({ host, port, token });
}

function refused(what: string): ConfigError {
  return new ConfigError('OPTION_REGISTRY', `the registry cannot be served: ${what}`);
}
