import { groupField, type Group, object } from '../../topology/definition/object.ts';
import { mapOf, setOwn } from '../../topology/definition/collections.ts';
import type { Field } from '../../topology/definition/field.ts';
import { checkName, choice, duration, text } from '../../topology/definition/fields.ts';
import { exactlyOne, readKey } from '../../topology/definition/group.ts';
import { namePattern } from '../../topology/core/names.ts';
import type { Written } from '../../topology/definition/written.ts';
import type { HttpAuth } from '../calls/http/call-headers.ts';
import type { HttpCallOptions, HttpLookupOptions } from '../calls/http/call-options.ts';
import { lookupWords, statusPattern, statusWords } from '../calls/http/statuses.ts';
import { secret } from './runner-file-secret.ts';
import { size } from './runner-file-size.ts';
import { type TlsFileSettings, tlsOptionsOf, tlsTable } from './runner-file-tls.ts';

/** One call of the `calls` map of a runner file. Names of files are relative to it. */
export interface CallFileSettings extends Omit<HttpCallOptions, 'tls'> {
  readonly tls?: TlsFileSettings;
}

type Basic = NonNullable<HttpAuth['basic']>;
type Header = NonNullable<HttpAuth['header']>;

const basic = object<Basic>({
  title: 'basic',
  doc: 'User name and password.',
  parts: {
    username: { field: text, required: true, doc: 'Name of the user.' },
    password: { field: secret, required: true, doc: 'Password of the user.' },
  },
});

const header = object<Header>({
  title: 'header',
  doc: "A header of the service's own.",
  parts: {
    name: { field: text, required: true, doc: 'Name of the header, such as `X-Api-Key`.' },
    value: { field: secret, required: true, doc: 'Its value.' },
  },
});

const authGroup: Group<HttpAuth> = {
  keys: {
    bearer: { field: secret, doc: '`Authorization: Bearer …`.' },
    basic: { field: basic, doc: '`Authorization: Basic …`.' },
    header: { field: header, doc: "A header of the service's own." },
  },
  required: true,
  read(entries, at, owner) {
    const key = exactlyOne(entries, ['bearer', 'basic', 'header'], at, owner);
    if (key === 'bearer') {
      const bearer = readKey(entries, key, at, key, secret);
      return bearer === undefined ? undefined : { bearer };
    }
    if (key === 'basic') {
      const read = readKey(entries, key, at, key, basic);
      return read === undefined ? undefined : { basic: read };
    }
    const read = key === undefined ? undefined : readKey(entries, key, at, key, header);
    return read === undefined ? undefined : { header: read };
  },
};

/** Any YAML, as JSON has it. */
const anything: Field<unknown> = {
  read(node, at) {
    at.mark(node);
    return plainOf(node);
  },
  schema: {},
  type: 'JSON',
  tables: [],
};

function plainOf(node: Written): unknown {
  if (node.kind === 'list') return node.items.map(plainOf);
  if (node.kind === 'scalar') {
    return typeof node.value === 'bigint' ? Number(node.value) : node.value;
  }
  const value: Record<string, unknown> = {};
  for (const { key, value: inner } of node.entries) setOwn(value, key.text, plainOf(inner));
  return value;
}

type FixedReply = { readonly reply: unknown };

const fixedReply = object<FixedReply>({
  title: 'fixed reply',
  doc: 'A reply that is always the same, whatever the body says.',
  parts: {
    reply: {
      field: anything,
      required: true,
      doc: 'The reply, as the service would write it in JSON.',
    },
  },
});

/** A mapping of statuses to some words, and to fixed replies. */
function statusesField<Word extends string>(
  words: readonly Word[],
): Field<Readonly<Record<string, Word | FixedReply>>> {
  const word = choice(words);
  return mapOf<Word | FixedReply>(
    {
      type: 'status',
      pattern: statusPattern,
      check(key, at) {
        if (statusPattern.test(key.text)) return;
        at.error('E009', key.span, `"${key.text}" is no status: a code or a hundred`, {
          suggestion: 'write it like 409 or 5xx',
        });
      },
    },
    {
      read: (node, at) => (node.kind === 'map' ? fixedReply.read(node, at) : word.read(node, at)),
      schema: { anyOf: [word.schema, fixedReply.schema] },
      type: `${word.type} \\| \`{ reply: … }\``,
      tables: [],
    },
  );
}

const method = choice(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const body = choice(['json', 'none']);
const url: Field<string> = { ...text, type: 'URL' };

const lookupTable = object<HttpLookupOptions>({
  title: 'lookup',
  doc: 'How the service is asked what became of an earlier request. What is not said here is as in the call itself.',
  parts: {
    url: {
      field: url,
      required: true,
      doc: "Where it is asked, such as `https://payments.example.com/charges/{idempotency-key}`, with fields as in the call's.",
    },
    method: { field: method, default: '`GET`', doc: 'How it is asked.' },
    body: {
      field: body,
      default: '`json`; of `GET` and `DELETE` `none`',
      doc: 'What is sent: the request as JSON, or nothing.',
    },
    statuses: {
      field: statusesField(lookupWords),
      required: true,
      doc: 'What each status of an answer means, over [these](http-calls.md#look-ups). At least one must be `absent`.',
    },
  },
});

const headers = mapOf<string>({ type: 'name', pattern: /^[^\s:]+$/, check: () => {} }, text);

const callTable = object<CallFileSettings>({
  title: 'call',
  doc: 'A call of the topology file that is made by HTTP.',
  parts: {
    url: {
      field: url,
      required: true,
      doc: 'Where requests go. `{orderId}` in its path or query is a field of the request, `{idempotency-key}` the key.',
    },
    method: {
      field: method,
      default: '`POST`',
      doc: 'How it is asked.',
    },
    body: {
      field: body,
      default: '`json`; of `GET` and `DELETE` `none`',
      doc: 'What is sent: the request as JSON, or nothing.',
    },
    headers: { field: headers, doc: 'Headers of every request.' },
    auth: {
      field: groupField<HttpAuth>({
        title: 'auth',
        doc: 'How a call proves who makes it: one of these.',
        group: authGroup,
      }),
      doc: 'Credentials, by environment variable.',
    },
    idempotencyHeader: {
      field: text,
      default: '`Idempotency-Key`',
      doc: 'Header that carries the idempotency key; `none`: it is not sent.',
    },
    statuses: {
      field: statusesField(statusWords),
      default: '[these](http-calls.md#what-a-status-means)',
      doc: 'What each status of an answer means. A code counts before its hundred.',
    },
    maxReply: {
      field: size,
      default: '`1MiB`',
      doc: 'Bytes that a reply may have; a longer one is cut off, and its outcome unknown.',
    },
    connectTimeout: {
      field: duration(),
      default: '`1s`',
      doc: 'Longest time for a connection to be made. What takes longer is not sent.',
    },
    tls: { field: tlsTable, doc: 'Certificates of `https`.' },
    lookup: {
      field: lookupTable,
      doc: 'How to ask what became of an earlier request. `effect: lookup` needs it.',
    },
  },
});

/** The `calls` map of a runner file. */
export const callsField: Field<Readonly<Record<string, CallFileSettings>>> = mapOf(
  { type: 'call', pattern: namePattern, check: checkName },
  callTable,
);

/**
 * Calls by HTTP, of a runner file in `folder`.
 * @throws {ConfigError} RUNNER_FILE where a certificate cannot be read
 */
export function httpCallsOf(
  written: Readonly<Record<string, CallFileSettings>>,
  folder: string,
): Readonly<Record<string, HttpCallOptions>> {
  return Object.fromEntries(
    Object.entries(written).map(([call, { tls, ...rest }]) => [
      call,
      tls === undefined ? rest : { ...rest, tls: tlsOptionsOf(tls, folder, `calls.${call}.tls`) },
    ]),
  );
}
