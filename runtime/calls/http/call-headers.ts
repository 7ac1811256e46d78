import { ConfigError } from '../../../topology/core/errors.ts';

/** How a call proves who makes it: one of these. */
export interface HttpAuth {
  /** `Authorization: Bearer …`. */
  readonly bearer?: string;
  /** `Authorization: Basic …`. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** A header of the service's own, such as `X-Api-Key`. */
  readonly header?: { readonly name: string; readonly value: string };
}

/** Headers that come from other settings, or from the connection. */
const ownHeaders: ReadonlyMap<string, string> = new Map([
  ['authorization', 'write it as "auth: { bearer: ${NAME} }", or basic or header'],
  ...['content-length', 'transfer-encoding', 'connection', 'host', 'accept-encoding', 'expect'].map(
    (name) => [name, 'it is not yours to set: take it out'] as const,
  ),
]);
const headerName = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Refuses what cannot be a header of a call, or is not its author's to set.
 * @throws {ConfigError} CALL_HEADER
 */
export function checkHeader(name: string, value: string, where: string): void {
  const fail = (reason: string): ConfigError =>
    new ConfigError('CALL_HEADER', `${where} has the header "${name}": ${reason}`);
  if (!headerName.test(name)) throw fail('that is no name of a header');
  const own = ownHeaders.get(name.toLowerCase());
  if (own !== undefined) throw fail(own);
  // The value may be a secret: it is not shown.
  if (!headerValue.test(value)) throw fail('its value has characters that a header cannot have');
}

/**
 * Headers that an author wrote, names in lower case; `keyHeader` carries the idempotency key.
 * @throws {ConfigError} CALL_HEADER
 */
export function writtenHeaders(
  headers: Readonly<Record<string, string>>,
  where: string,
  keyHeader: string | undefined,
): Record<string, string> {
  const made: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    checkHeader(name, value, `${where}.headers`);
    const lower = name.toLowerCase();
    if (lower === keyHeader?.toLowerCase()) {
      throw new ConfigError(
        'CALL_HEADER',
        `${where}.headers has the header "${name}": it carries the idempotency key; take it out, or set idempotency-header`,
      );
    }
    made[lower] = value;
  }
  return made;
}

/**
 * The header that proves who makes a call.
 * @throws {ConfigError} CALL_AUTH, CALL_HEADER; their messages show no secret
 */
export function authHeaders(auth: HttpAuth | undefined, where: string): Record<string, string> {
  if (auth === undefined) return {};
  const { bearer, basic, header } = auth;
  const ways = [bearer, basic, header].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    throw new ConfigError('CALL_AUTH', `${where}.auth: say one of bearer, basic, header`);
  }
  if (bearer !== undefined) {
    if (/^[!-~]+$/.test(bearer)) return { authorization: `Bearer ${bearer}` };
    throw new ConfigError(
      'CALL_AUTH',
      `${where}.auth.bearer must be printable ASCII without spaces, and not empty`,
    );
  }
  if (basic !== undefined) {
    const text = Buffer.from(`${basic.username}:${basic.password}`).toString('base64');
    return { authorization: `Basic ${text}` };
  }
  const { name = '', value = '' } = header ?? {};
  if (name.toLowerCase() !== 'authorization') checkHeader(name, value, `${where}.auth`);
  else if (!headerValue.test(value)) {
    throw new ConfigError('CALL_AUTH', `${where}.auth.header has a value that no header can have`);
  }
  return { [name.toLowerCase()]: value };
}
