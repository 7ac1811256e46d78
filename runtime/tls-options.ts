import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { ConfigError } from '../topology/core/errors.ts';

/** Encryption of the connections. Certificates and keys are PEM text, not paths. */
export interface TlsOptions {
  /** Certificate of the authority that signed the servers'. @defaultValue the authorities that Node trusts */
  readonly ca?: string;
  /** Certificate of this client, where the servers ask for one; with `key`. */
  readonly cert?: string;
  readonly key?: string;
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string;
  /** Name that the servers' certificates are for. @defaultValue the host name of each */
  readonly servername?: string;
  /** False: takes any certificate, also a forged one. @defaultValue true */
  readonly rejectUnauthorized?: boolean;
}

/**
 * TLS options as the socket takes them; undefined for none.
 * @throws {ConfigError} OPTION_TLS for what is not PEM, and for a certificate without its key
 */
export function compileTls(tls: boolean | TlsOptions): ConnectionOptions | undefined {
  if (typeof tls === 'boolean') return tls ? {} : undefined;
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    const [given, missing] = tls.cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
    throw new ConfigError(
      'OPTION_TLS',
      `tls.${given} is given without tls.${missing}: a client certificate takes both`,
    );
  }
  if (tls.ca !== undefined)
    read('ca', 'a PEM certificate', () => new X509Certificate(tls.ca ?? ''));
  if (tls.cert !== undefined && tls.key !== undefined) {
    const { cert, key, passphrase } = tls;
    const certificate = read('cert', 'a PEM certificate', () => new X509Certificate(cert));
    const secret = read('key', 'a PEM private key that opens with tls.passphrase', () =>
      createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) }),
    );
    if (!certificate.checkPrivateKey(secret)) {
      throw new ConfigError('OPTION_TLS', 'tls.key is not the key of the certificate in tls.cert');
    }
  }
  return { ...tls };
}

function read<T>(name: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ConfigError('OPTION_TLS', `tls.${name} is not ${what}: PEM begins with -----BEGIN`, {
      cause: error,
    });
  }
}
