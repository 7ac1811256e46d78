import { type Duration } from '../../topology/core/duration.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { boolean, duration, integer, text } from '../../topology/definition/fields.ts';
import { object } from '../../topology/definition/object.ts';
import type { ServeOptions } from '../registry/serve-options.ts';
import type { RegistryAuth, RegistryOptions } from '../registry/url-options.ts';
import { secret } from './runner-file-secret.ts';
import { type TlsFileSettings, tlsOptionsOf, tlsTable } from './runner-file-tls.ts';

/** Which registry is used, and how. */
export interface RegistryChoice {
  /** @defaultValue the log's own registry */
  readonly url?: RegistryOptions;
  /** Serves the log's own registry over HTTP while an application runs. @defaultValue nobody listens */
  readonly serve?: ServeOptions;
  /** The lock file takes the place of the registry. @defaultValue false */
  readonly offline?: boolean;
}

/** The `registry` map of a runner file. Names of files are relative to it. */
export interface RegistryFileSettings {
  readonly url?: string;
  readonly auth?: AuthFileSettings;
  readonly tls?: TlsFileSettings;
  readonly timeout?: Duration;
  readonly patience?: Duration;
  readonly serve?: boolean | ServeOptions;
  readonly offline?: boolean;
}

interface AuthFileSettings {
  readonly username?: string;
  readonly password?: string;
  readonly bearer?: string;
}

const authTable = object<AuthFileSettings>({
  title: 'auth',
  doc: 'Who one is to the registry: a user with a password, or the bearer of a token.',
  parts: {
    username: { field: text, doc: 'Name of the user, or API key.' },
    password: { field: secret, doc: 'Password of the user, or secret of the key.' },
    bearer: { field: secret, doc: '`Authorization: Bearer …`.' },
  },
});

const serveTable = object<ServeOptions>({
  title: 'serve',
  doc: "The log's own registry over HTTP, as Confluent's is served.",
  mayBeEmpty: true,
  parts: {
    host: {
      field: { ...text, type: 'address' },
      default: '`127.0.0.1`',
      doc: 'Address that it listens on. Where it is no loopback address, `token` is needed.',
    },
    port: {
      field: integer(0, 65_535),
      default: '`8081`',
      doc: 'Port that it listens on; 0: one that is free.',
    },
    token: {
      field: secret,
      doc: 'What every request must bring: as a bearer, or as the password of any user.',
    },
  },
});

/** The keys of `registry` in a runner file. */
export const registryTable = object<RegistryFileSettings>({
  title: 'registry',
  doc: 'The schema registry.',
  mayBeEmpty: true,
  parts: {
    url: {
      field: { ...text, type: 'URL' },
      default: "the log's own registry",
      doc: "Of the API of Confluent's registry, its path included.",
    },
    auth: { field: authTable, doc: 'Who one is to the registry.' },
    tls: { field: tlsTable, doc: 'Certificates of `https`.' },
    timeout: {
      field: duration(),
      default: '`10s`',
      doc: 'Longest wait for an answer, of each attempt.',
    },
    patience: {
      field: duration(),
      default: '`30s`',
      doc: 'How long to try again what passes by itself. A running application goes on trying.',
    },
    serve: {
      field: {
        ...serveTable,
        read: (node, at) =>
          node.kind === 'scalar' ? boolean.read(node, at) : serveTable.read(node, at),
        schema: { anyOf: [boolean.schema, serveTable.schema] },
        type: 'boolean, or map',
      },
      default: '`false`',
      doc: "Serves the log's own registry over HTTP while an application runs.",
    },
    offline: {
      field: boolean,
      default: '`false`',
      doc: 'Uses the lock file in place of the registry: nothing is asked, and nothing registered.',
    },
  },
});

/**
 * The registry of a runner file in `folder`.
 * @throws {ConfigError} OPTION_REGISTRY, RUNNER_FILE where a certificate cannot be read
 */
export function registryChoiceOf(settings: RegistryFileSettings, folder: string): RegistryChoice {
  const { url, auth, tls, timeout, patience, serve = false, offline = false } = settings;
  const served = {
    ...(serve === false ? {} : { serve: serve === true ? {} : serve }),
    ...(offline ? { offline } : {}),
  };
  if (url === undefined) {
    const [useless] = Object.entries({ auth, tls, timeout, patience }).find(
      ([, value]) => value !== undefined,
    ) ?? [undefined];
    if (useless === undefined) return served;
    throw refused(`registry.${useless} is of a registry with a URL: add registry.url`);
  }
  if (serve !== false) {
    throw refused(
      'registry.serve is of the own registry, and registry.url names another one: take one of the two',
    );
  }
  return {
    ...served,
    url: {
      url,
      ...(auth === undefined ? {} : { auth: authOf(auth) }),
      ...(tls === undefined ? {} : { tls: tlsOptionsOf(tls, folder, 'registry.tls') }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(patience === undefined ? {} : { patience }),
    },
  };
}

function authOf({ username, password, bearer }: AuthFileSettings): RegistryAuth {
  if (bearer !== undefined && username === undefined && password === undefined) return { bearer };
  if (bearer === undefined && username !== undefined && password !== undefined) {
    return { username, password };
  }
  throw refused('registry.auth has either "username" and "password", or "bearer"');
}

function refused(what: string): ConfigError {
  return new ConfigError('OPTION_REGISTRY', what);
}
