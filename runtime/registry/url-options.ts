import type { ConnectionOptions } from 'node:tls';
import { type Duration, parseDuration } from '../../topology/core/duration.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { compileTls, type TlsOptions } from '../tls-options.ts';

/** A registry by its URL. */
export interface RegistryOptions {
  /** Of the API of Confluent's registry: `https://host:port`, with a path where it has one. */
  readonly url: string;
  readonly auth?: RegistryAuth;
  readonly tls?: TlsOptions;
  /** Longest wait for an answer, of each attempt. @defaultValue '10s' */
  readonly timeout?: Duration;
  /** How long to try again what passes by itself. @defaultValue '30s' */
  readonly patience?: Duration;
}

/** Who one is to the registry: a user with a password, or the bearer of a token. */
export type RegistryAuth =
  { readonly username: string; readonly password: string } | { readonly bearer: string };

/** {@link RegistryOptions}, checked. */
export interface CompiledRegistryOptions {
  /** Without a slash at its end. */
  readonly url: string;
  /** The header. */
  readonly authorization: string | undefined;
  readonly tls: ConnectionOptions;
  readonly timeoutMs: number;
  readonly patienceMs: number;
}

/**
 * Checks and completes options.
 * @throws {ConfigError} OPTION_REGISTRY, OPTION_TLS, OPTION_DURATION
 */
export function compileRegistryOptions(options: RegistryOptions): CompiledRegistryOptions {
  const { auth, tls = {}, timeout = '10s', patience = '30s' } = options;
  if (typeof options.url !== 'string') {
    // A choice of a registry and its options have the same name for two things.
    throw refused(
      'registry.url has no url in it: write registry: { url: { url: "http://host:port" } }',
    );
  }
  const url = URL.parse(options.url);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw refused(`registry.url is "${options.url}"; write http://host:port or https://host:port`);
  }
  if (url.username !== '' || url.password !== '') {
    throw refused('registry.url has credentials in it: put them into registry.auth');
  }
  if (Object.keys(tls).length > 0 && url.protocol !== 'https:') {
    throw refused(`registry.tls is given, but ${options.url} is not https`);
  }
  return Object.freeze({
    url: url.href.replace(/\/+$/, ''),
    authorization: auth === undefined ? undefined : headerOf(auth),
    tls: compileTls(tls) ?? {},
    timeoutMs: parseDuration(timeout, 'registry.timeout'),
    patienceMs: parseDuration(patience, 'registry.patience'),
  });
}

function headerOf(auth: RegistryAuth): string {
  if ('bearer' in auth) {
    if (auth.bearer === '' || /[^!-~]/.test(auth.bearer)) {
      throw refused('registry.auth.bearer must be printable ASCII without spaces, and not empty');
    }
    return `Bearer ${auth.bearer}`;
  }
  if (auth.username.includes(':')) throw refused('registry.auth.username may have no colon');
  return `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
}

function refused(what: string): ConfigError {
  return new ConfigError('OPTION_REGISTRY', what);
}
