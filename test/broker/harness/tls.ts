import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyStore } from './node-properties.ts';
import { runJava } from './java.ts';
import { run } from './run.ts';

/** A broker's key with its certificate, and the certificate as clients need it. */
export interface Certificate {
  readonly keystore: KeyStore;
  /** PEM. A client that trusts it trusts the brokers. */
  readonly ca: string;
}

/** A client's certificate and its private key, PEM, and a store by which brokers trust it. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
  readonly truststore: KeyStore;
}

const password = 'keystore-secret';

/**
 * Makes a self-signed certificate for `localhost` and 127.0.0.1 in `folder`.
 * @throws Error with what `keytool` said
 */
export async function selfSigned(folder: string): Promise<Certificate> {
  const names = ['-ext', 'SAN=dns:localhost,ip:127.0.0.1'];
  const { file, cert } = await keyPair(folder, 'broker', 'CN=localhost', names);
  return { keystore: { file, password }, ca: cert };
}

/**
 * Makes a self-signed certificate of a client in `folder`.
 * @throws Error with what `keytool` said
 */
export async function clientCertificate(folder: string, name: string): Promise<ClientCertificate> {
  const { file, pem, cert } = await keyPair(folder, name, `CN=${name}`);
  const trusted = join(folder, `${name}-trusted.p12`);
  await keytool(name, trusted, '-importcert', '-noprompt', '-file', pem);
  const program = join(import.meta.dirname, '../java/PrivateKey.java');
  const { code, stdout, stderr } = await runJava(program, [file, password, name]);
  if (code !== 0) throw new Error(`${program} failed:\n${stderr}`);
  return { cert, key: stdout, truststore: { file: trusted, password } };
}

async function keyPair(
  folder: string,
  alias: string,
  name: string,
  more: readonly string[] = [],
): Promise<{ readonly file: string; readonly pem: string; readonly cert: string }> {
  const [file, pem] = [join(folder, `${alias}.p12`), join(folder, `${alias}.pem`)];
  const identity = ['-dname', name, '-ext', 'bc:c', ...more];
  const key = ['-keyalg', 'RSA', '-keysize', '2048', '-validity', '2'];
  await keytool(alias, file, '-genkeypair', ...key, ...identity);
  await keytool(alias, file, '-exportcert', '-rfc', '-file', pem);
  return { file, pem, cert: await readFile(pem, 'utf8') };
}

async function keytool(alias: string, file: string, ...args: readonly string[]): Promise<void> {
  const store = ['-keystore', file, '-storepass', password, '-storetype', 'PKCS12'];
  const { code, stdout, stderr } = await run('keytool', [...args, '-alias', alias, ...store]);
  if (code !== 0) throw new Error(`keytool ${args[0]} failed:\n${stdout}${stderr}`);
}
