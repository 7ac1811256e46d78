import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

/** A broker's key with its certificate, and the certificate as clients need it. */
export interface Certificate {
  readonly keystore: { readonly file: string; readonly password: string };
  /** PEM. A client that trusts it trusts the brokers. */
  readonly ca: string;
}

/**
 * Makes a self-signed certificate for `localhost` and 127.0.0.1 in `folder`.
 * @throws Error with what `keytool` said
 */
export async function selfSigned(folder: string): Promise<Certificate> {
  const file = join(folder, 'broker.p12');
  const pem = join(folder, 'ca.pem');
  const password = 'keystore-secret';
  const store = ['-keystore', file, '-storepass', password, '-storetype', 'PKCS12'];
  const keytool = async (...args: string[]): Promise<void> => {
    const { code, stdout, stderr } = await run('keytool', [...args, '-alias', 'broker', ...store]);
    if (code !== 0) throw new Error(`keytool ${args[0]} failed:\n${stdout}${stderr}`);
  };
  const names = 'SAN=dns:localhost,ip:127.0.0.1';
  const identity = ['-dname', 'CN=localhost', '-ext', names, '-ext', 'bc:c'];
  await keytool('-genkeypair', '-keyalg', 'RSA', '-keysize', '2048', '-validity', '2', ...identity);
  await keytool('-exportcert', '-rfc', '-file', pem);
  return { keystore: { file, password }, ca: await readFile(pem, 'utf8') };
}
