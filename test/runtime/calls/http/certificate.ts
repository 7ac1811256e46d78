import { generateKeyPairSync, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** A self-signed certificate and its private key, PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Hosts and time that a certificate is for. Times are years. */
export interface CertificateOptions {
  readonly names: readonly string[];
  readonly from?: number;
  readonly to?: number;
}

/** Makes a self-signed certificate, which is its own authority (X.509 v3, ECDSA P-256). */
export function selfSigned({ names, from = 2020, to = 2090 }: CertificateOptions): TestCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(oid('2a8648ce3d040302'));
  const name = sequence(
    der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(names[0] ?? 'test')))),
  );
  const alternatives = names.map((it) =>
    isIP(it) === 4 ? der(0x87, Buffer.from(it.split('.').map(Number))) : der(0x82, Buffer.from(it)),
  );
  const extensions = sequence(
    sequence(oid('551d13'), der(0x04, sequence(der(0x01, Buffer.of(0xff))))),
    sequence(oid('551d11'), der(0x04, sequence(...alternatives))),
  );
  const body = sequence(
    der(0xa0, der(0x02, Buffer.of(2))),
    der(0x02, Buffer.of(1)),
    algorithm,
    name,
    sequence(startOf(from), startOf(to)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = der(0x03, Buffer.of(0), sign('sha256', body, privateKey));
  const text = sequence(body, algorithm, signature).toString('base64');
  const lines = text.match(/.{1,64}/g) ?? [];
  return {
    cert: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function startOf(year: number): Buffer {
  return der(0x18, Buffer.from(`${year}0101000000Z`));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return der(0x30, ...parts);
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}
