import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../../topology/core/errors.ts';
import type { Field } from '../../topology/definition/field.ts';
import { boolean, text } from '../../topology/definition/fields.ts';
import { object } from '../../topology/definition/object.ts';
import type { TlsOptions } from '../tls-options.ts';
import { secret } from './runner-file-secret.ts';

/** A `tls` map of a runner file. Names of files are relative to it. */
export interface TlsFileSettings {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly servername?: string;
  readonly anyCertificate?: boolean;
}

const file: Field<string> = { ...text, type: 'file', schema: { type: 'string' } };

/** The keys of `tls` in a runner file. */
export const tlsTable = object<TlsFileSettings>({
  title: 'tls',
  doc: 'Encryption, with certificates of your own.',
  mayBeEmpty: true,
  parts: {
    ca: { field: file, doc: "PEM file of the authority that signed the servers' certificates." },
    cert: {
      field: file,
      doc: 'PEM file of the certificate of this client, where servers ask for one.',
    },
    key: { field: file, doc: 'PEM file of its private key.' },
    passphrase: { field: secret, doc: 'Opens the private key.' },
    servername: {
      field: text,
      doc: "Name in the servers' certificates, if it is not their host name.",
    },
    anyCertificate: {
      field: boolean,
      default: '`false`',
      doc: 'Takes any certificate, a forged one too. For experiments.',
    },
  },
});

/**
 * TLS options of a runner file in `folder`; `where` is how the map is called in messages: `kafka.tls`.
 * @throws {ConfigError} RUNNER_FILE where a file cannot be read
 */
export function tlsOptionsOf(written: TlsFileSettings, folder: string, where: string): TlsOptions {
  const { ca, cert, key, anyCertificate, ...rest } = written;
  const read = (name: string, path: string): string => pem(`${where}.${name}`, path, folder);
  return {
    ...rest,
    ...(ca === undefined ? {} : { ca: read('ca', ca) }),
    ...(cert === undefined ? {} : { cert: read('cert', cert) }),
    ...(key === undefined ? {} : { key: read('key', key) }),
    ...(anyCertificate === undefined ? {} : { rejectUnauthorized: !anyCertificate }),
  };
}

function pem(name: string, path: string, folder: string): string {
  const full = resolve(folder, path);
  try {
    return readFileSync(full, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : '';
    throw new ConfigError(
      'RUNNER_FILE',
      `cannot read ${full}, which the runner file names as ${name}: ${why || (error as Error).message}`,
      { cause: error },
    );
  }
}
