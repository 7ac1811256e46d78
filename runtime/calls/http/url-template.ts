import type { AvroType } from '../../../topology/core/avro.ts';
import { ConfigError } from '../../../topology/core/errors.ts';

/** Where a request goes. */
export interface Destination {
  /** Scheme, host and port: `https://api.example.com:8443`. */
  readonly origin: string;
  /**
   * Path and query of a request; `{orderId}` in it is put in, percent-encoded.
   * @throws {Error} for a text that would lead to another path
   */
  path(request: unknown, idempotencyKey: string): string;
  /** For messages: without query, which may hold secrets. */
  readonly shown: string;
}

const hole = /\{([^{}]*)\}/g;
/** Stands for a hole while the URL is parsed: such as a parser leaves as it is. */
const mark = '--hole--';
/** Stands for the idempotency key. */
const keyName = 'idempotency-key';

/**
 * A URL whose path and query may have holes: `{orderId}`, `{customer.id}` are fields of the request, `{idempotency-key}` is the key.
 * `where` is how the setting is called in messages: `calls.payments.url`.
 *
 * @throws {ConfigError} CALL_URL when it is no http URL, holds a password or half a hole, or names a field that the request has not or may lack
 */
export function compileUrl(url: string, request: AvroType | undefined, where: string): Destination {
  const fail = (reason: string): ConfigError =>
    new ConfigError('CALL_URL', `${where} is "${withoutSecrets(url)}": ${reason}`);
  // Half a hole would be sent as it stands, and a field that was meant would not.
  if (/[{}]/.test(url.replace(hole, ''))) {
    throw fail('a brace stands alone: fields are written {orderId}, and braces %7B and %7D');
  }
  const parsed = URL.parse(url.replace(hole, mark));
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw fail('write http://host:port/path, or https');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw fail('take name and password out of it, and write them as "auth: { basic: … }"');
  }
  if (parsed.origin.includes(mark)) throw fail('the host cannot be a field of the request');
  const names = [...url.matchAll(hole)].map(([, name]) => name as string);
  for (const name of names) {
    const reason = name === keyName ? undefined : problemOf(name, request);
    if (reason !== undefined) throw fail(reason);
  }
  const [first = '', ...others] = `${parsed.pathname}${parsed.search}`.split(mark);
  const holes = names.slice(0, others.length).map((name) => ({ name, steps: name.split('.') }));
  const text = (i: number, value: unknown, key: string): string => {
    const { name, steps } = holes[i] as (typeof holes)[number];
    return name === keyName ? key : String(steps.reduce(fieldOf, value));
  };
  return {
    origin: parsed.origin,
    shown:
      parsed.origin +
      names.reduce((path, name) => path.replace(mark, `{${name}}`), parsed.pathname),
    path: (value, key) =>
      others.reduce((path, rest, i) => path + segment(text(i, value, key)) + rest, first),
  };
}

/**
 * One part of a path.
 * @throws {Error} for a text that would lead to another path
 */
function segment(text: string): string {
  if (!/^\.{0,2}$/.test(text)) return encodeURIComponent(text);
  throw new Error(`"${text}" cannot be part of its URL`);
}

function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/?#@]*@/, '//…@').replace(/\?.*/, '?…');
}

function fieldOf(value: unknown, name: string): unknown {
  return (value as Record<string, unknown>)[name];
}

/** Why a name stands for no field that every request has; undefined: it does. */
function problemOf(path: string, request: AvroType | undefined): string | undefined {
  let type = request;
  for (const name of path.split('.')) {
    const fields = type?.kind === 'record' ? type.fields : [];
    const field = fields.find((it) => it.name === name);
    if (field === undefined) {
      const known = [keyName, ...fields.map((it) => it.name)].join(', ');
      return `the request has no field "${path}" (there are ${known})`;
    }
    type = field.type;
  }
  const simple = ['string', 'int', 'long', 'boolean', 'enum'];
  if (type !== undefined && simple.includes(type.kind)) return undefined;
  return `field "${path}" cannot be part of a URL: only text, whole numbers, booleans and enums can`;
}
