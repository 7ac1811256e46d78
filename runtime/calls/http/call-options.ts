import type { ConnectionOptions } from 'node:tls';
import type { AvroSchemas } from '../../../schemas/index.ts';
import { jsonReader } from '../../../schemas/json-value.ts';
import type { SchemaCatalog } from '../../../topology/core/avro.ts';
import { type Duration, parseDuration } from '../../../topology/core/duration.ts';
import { ConfigError, isStreamsError } from '../../../topology/core/errors.ts';
import type { CallDef } from '../../../topology/definition/definition.ts';
import { compileTls, type TlsOptions } from '../../tls-options.ts';
import { authHeaders, checkHeader, type HttpAuth, writtenHeaders } from './call-headers.ts';
import {
  defaultLookupStatuses,
  defaultStatuses,
  type LookupWord,
  lookupWords,
  statusOutcome,
  statusPattern,
  type StatusWord,
  statusWords,
} from './statuses.ts';
import { compileUrl, type Destination } from './url-template.ts';

/** HTTP methods that a call may be made with. */
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a status stands for: a word, or a reply that is always the same, as JSON. */
export type HttpOutcome = StatusWord | { readonly reply: unknown };

/** How the service is asked what became of an earlier request. What is not said here is as in the call itself. */
export interface HttpLookupOptions {
  /** Absolute, with holes as in the call's. */
  readonly url: string;
  /** @defaultValue 'GET' */
  readonly method?: HttpMethod;
  /** @defaultValue 'json', but 'none' for GET and DELETE */
  readonly body?: 'json' | 'none';
  /** Code, or hundred → what it stands for; some must be `absent`. @defaultValue see {@link defaultLookupStatuses} */
  readonly statuses: Readonly<Record<string, LookupWord | { readonly reply: unknown }>>;
}

/** A call that is made by HTTP. */
export interface HttpCallOptions {
  /** Absolute; `{orderId}` in its path or query is a field of the request, `{idempotency-key}` the key. */
  readonly url: string;
  /** @defaultValue 'POST' */
  readonly method?: HttpMethod;
  /** `none`: the request has no body. @defaultValue 'json', but 'none' for GET and DELETE */
  readonly body?: 'json' | 'none';
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: HttpAuth;
  /** Header of the idempotency key; 'none': it is not sent. @defaultValue 'Idempotency-Key' */
  readonly idempotencyHeader?: string;
  /** Code, or hundred (`5xx`) → what it stands for. @defaultValue see {@link defaultStatuses} */
  readonly statuses?: Readonly<Record<string, HttpOutcome>>;
  /** Bytes that a reply may have. @defaultValue 1 MiB */
  readonly maxReply?: number;
  /** Longest time for a connection to be made. @defaultValue '1s' */
  readonly connectTimeout?: Duration;
  readonly tls?: TlsOptions;
  /** Needed by `effect: lookup`; an idempotent call uses it when its window is over. */
  readonly lookup?: HttpLookupOptions;
}

/** What a status stands for, a fixed reply as a value of the reply type. */
export type CompiledOutcome =
  { readonly kind: 'fixed'; readonly reply: unknown } | { readonly kind: StatusWord | LookupWord };

/** {@link HttpCallOptions}, checked. */
export interface CompiledHttpCall extends CompiledRequest {
  readonly lookup: CompiledRequest | undefined;
}

/** How one kind of request is made, and its answers are read. */
export interface CompiledRequest {
  /** Name of the call. */
  readonly call: string;
  readonly destination: Destination;
  readonly method: HttpMethod;
  readonly hasBody: boolean;
  /** Of every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** In lower case; undefined: the key is not sent. */
  readonly idempotencyHeader: string | undefined;
  readonly outcomeOf: (status: number) => CompiledOutcome;
  readonly maxReplyBytes: number;
  readonly connectTimeoutMs: number;
  readonly tls: ConnectionOptions;
  /** From parsed JSON to a value of the reply type; throws {SerdeError} naming the field that does not fit. */
  readonly readReply: (json: unknown) => unknown;
}

const defaultMaxReplyBytes = 1024 * 1024;
/** Types of a call as the topology declares it, and where they are. */
export interface CallTypes {
  readonly def: Pick<CallDef, 'request' | 'reply'>;
  readonly catalog: SchemaCatalog & AvroSchemas;
}

/**
 * Checks and completes the options of the call `call`.
 * @throws {ConfigError} CALL_URL, CALL_HEADER, CALL_AUTH, CALL_STATUS, OPTION_DURATION, OPTION_TLS
 */
export function compileHttpCall(
  call: string,
  options: HttpCallOptions,
  types: CallTypes,
): CompiledHttpCall {
  const where = `calls.${call}`;
  const words = { words: statusWords, defaults: defaultStatuses };
  const { lookup, ...rest } = options;
  const made = compileRequest(call, rest, { ...types, ...words, where });
  return Object.freeze({
    ...made,
    lookup: lookup === undefined ? undefined : compileLookup(call, { ...rest, lookup }, types),
  });
}

function compileLookup(
  call: string,
  { lookup, tls, ...rest }: HttpCallOptions & { lookup: HttpLookupOptions },
  types: CallTypes,
): CompiledRequest {
  const where = `calls.${call}.lookup`;
  if (!Object.values(lookup.statuses).includes('absent')) {
    throw new ConfigError(
      'CALL_STATUS',
      `${where}.statuses: say which status tells that the service does not know the key: "404: absent", if that is certain`,
    );
  }
  const words = { words: lookupWords, defaults: defaultLookupStatuses };
  const secure = /^https:/i.test(lookup.url) && tls !== undefined ? { tls } : {};
  const { method = 'GET' } = lookup;
  const body = lookup.body ?? defaultBody(method);
  const options = { ...rest, ...secure, ...lookup, method, body };
  return compileRequest(call, options, { ...types, ...words, where });
}

function defaultBody(method: HttpMethod): 'json' | 'none' {
  return method === 'GET' || method === 'DELETE' ? 'none' : 'json';
}

interface RequestTypes extends CallTypes {
  readonly words: readonly string[];
  readonly defaults: Readonly<Record<string, StatusWord | LookupWord>>;
  /** How the map is called in messages. */
  readonly where: string;
}

type RequestOptions = Omit<HttpCallOptions, 'statuses' | 'lookup'> & {
  readonly statuses?: Readonly<Record<string, HttpOutcome | LookupWord>>;
};

function compileRequest(
  call: string,
  options: RequestOptions,
  { def, catalog, words, defaults, where }: RequestTypes,
): CompiledRequest {
  const { method = 'POST', idempotencyHeader = 'Idempotency-Key' } = options;
  const hasBody = (options.body ?? defaultBody(method)) === 'json';
  const destination = compileUrl(options.url, catalog.type(def.request), `${where}.url`);
  const readReply = jsonReader(catalog, def.reply);
  const keyHeader = idempotencyHeader === 'none' ? undefined : idempotencyHeader;
  if (keyHeader !== undefined) checkHeader(keyHeader, '', `${where}.idempotency-header`);
  return {
    call,
    destination,
    method,
    hasBody,
    headers: {
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
      ...writtenHeaders(options.headers ?? {}, where, keyHeader),
      ...authHeaders(options.auth, where),
    },
    idempotencyHeader: keyHeader?.toLowerCase(),
    outcomeOf: outcomes(options.statuses ?? {}, {
      where: `${where}.statuses`,
      readReply,
      words,
      defaults,
    }),
    maxReplyBytes: options.maxReply ?? defaultMaxReplyBytes,
    connectTimeoutMs: parseDuration(options.connectTimeout ?? '1s', `${where}.connect-timeout`),
    tls: tlsOf(options.tls, destination, where),
    readReply,
  };
}

function tlsOf(
  tls: TlsOptions | undefined,
  { origin }: Destination,
  where: string,
): ConnectionOptions {
  if (tls === undefined) return {};
  if (!origin.startsWith('https:')) {
    throw new ConfigError(
      'OPTION_TLS',
      `${where} has "tls", but its url is not https: write https`,
    );
  }
  try {
    return compileTls(tls) ?? {};
  } catch (error) {
    if (!isStreamsError(error)) throw error;
    throw new ConfigError(error.code, `${where}: ${error.message}`, { cause: error });
  }
}

interface Mapping extends Pick<RequestTypes, 'words' | 'defaults' | 'where'> {
  readonly readReply: (json: unknown) => unknown;
}

/** The mapping of a call, its fixed replies read by the reply type. */
function outcomes(
  statuses: NonNullable<RequestOptions['statuses']>,
  { where, readReply, words, defaults }: Mapping,
): (status: number) => CompiledOutcome {
  const written: Record<string, CompiledOutcome> = {};
  for (const [status, outcome] of Object.entries(statuses)) {
    if (!statusPattern.test(status)) {
      throw statusError(where, status, 'write a code, or a hundred such as 5xx');
    }
    if (typeof outcome === 'string') {
      if (!words.includes(outcome)) {
        throw statusError(
          where,
          status,
          `it is "${outcome}", which is none of ${words.join(', ')}`,
        );
      }
      written[status] = { kind: outcome };
      continue;
    }
    try {
      written[status] = { kind: 'fixed', reply: readReply(outcome.reply) };
    } catch (error) {
      throw statusError(where, status, `its reply does not fit: ${(error as Error).message}`);
    }
  }
  const others: Readonly<Record<string, CompiledOutcome>> = Object.fromEntries(
    Object.entries(defaults).map(([status, kind]) => [status, { kind }]),
  );
  return (status) => statusOutcome<CompiledOutcome>(status, written, others, { kind: 'unknown' });
}

function statusError(where: string, status: string, reason: string): ConfigError {
  return new ConfigError('CALL_STATUS', `${where}.${status}: ${reason}`);
}
