import type { AuthenticationProviderArgs, KafkaConfig } from 'kafkajs';
import { ConfigError } from '../../topology/core/errors.ts';

/** How to log in at the brokers. */
export type SaslOptions =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'OAUTHBEARER';
      /**
       * The token, or a function that gives a valid one: asked for each connection, and again before the session of one ends. It keeps
       * and renews its token itself.
       */
      readonly token: string | (() => Promise<string>);
    };

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'];

/**
 * SASL options as KafkaJS takes them.
 * @throws {ConfigError} OPTION_SASL
 */
export function kafkaJsSasl(sasl: SaslOptions): NonNullable<KafkaConfig['sasl']> {
  switch (sasl.mechanism) {
    case 'PLAIN':
      return { mechanism: 'plain', ...login(sasl) };
    case 'SCRAM-SHA-256':
      return { mechanism: 'scram-sha-256', ...login(sasl) };
    case 'SCRAM-SHA-512':
      return { mechanism: 'scram-sha-512', ...login(sasl) };
    case 'OAUTHBEARER':
      if (sasl.token === '') throw new ConfigError('OPTION_SASL', 'sasl.token is empty');
      return {
        mechanism: 'oauthbearer',
        authenticationProvider: (connection) => ({
          authenticate: () => sendToken(sasl.token, connection),
        }),
      };
    default:
      throw new ConfigError(
        'OPTION_SASL',
        `sasl.mechanism "${String((sasl as { mechanism: unknown }).mechanism)}" is not known: it is one of ${mechanisms.join(', ')}`,
      );
  }
}

function login(sasl: { readonly username: string; readonly password: string }) {
  const { username, password } = sasl;
  const missing = username === '' ? 'username' : password === '' ? 'password' : undefined;
  if (missing !== undefined) throw new ConfigError('OPTION_SASL', `sasl.${missing} is empty`);
  return { username, password };
}

/** A wrong token, in the class that KafkaJS uses for wrong passwords. */
class TokenRefused extends Error {
  override readonly name = 'KafkaJSSASLAuthenticationError';
}

/**
 * RFC 7628. KafkaJS's own exchange does not read the answer: a broker that refuses a token says so in it, and then waits
 * for another word of the client, so that a wrong token would look like a lost connection.
 */
async function sendToken(
  token: SaslOptions extends infer S ? (S extends { token: infer T } ? T : never) : never,
  { saslAuthenticate }: AuthenticationProviderArgs,
): Promise<void> {
  const value = typeof token === 'string' ? token : await token();
  const refusal = await saslAuthenticate<string>({
    request: { encode: () => sized(`n,,\u0001auth=Bearer ${value}\u0001\u0001`) },
    response: { decode: (bytes) => bytes, parse: (bytes) => bytes.subarray(4).toString() },
  });
  if (refusal !== undefined && refusal !== '') throw new TokenRefused(refusal);
}

/** Bytes with their length before them, as SaslAuthenticate carries them. */
function sized(text: string): Buffer {
  const content = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeInt32BE(content.length);
  return Buffer.concat([length, content]);
}
