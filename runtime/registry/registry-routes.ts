import { isStreamsError } from '../../topology/core/errors.ts';
import { parseExactJson } from '../../topology/core/exact-json.ts';
import type { CompatibilityMode, SchemaReference } from '../ports.ts';
import { isMode } from './modes.ts';
import { ApiError } from './api-error.ts';
import type { StoredRegistry } from './stored-registry.ts';
import { deleteSubject, deleteVersion } from './delete-routes.ts';
import {
  liveOrDeleted,
  referencing,
  requireSubject,
  requireVersion,
  type SubjectRow,
  versionNumber,
} from './registry-lookups.ts';

/** A request of the API of Confluent's registry. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Parsed; undefined: it has none. */
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface Call {
  readonly registry: StoredRegistry;
  /** Decoded segments that the path has for `*`. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: unknown;
}

type Handler = (call: Call) => Promise<unknown>;

/** `*` stands for one segment. The first that fits counts. */
const routes: readonly (readonly [method: string, path: string, handler: Handler])[] = [
  ['GET', '/', async () => ({})],
  ['GET', '/schemas/types', async () => ['AVRO']],
  ['GET', '/schemas/ids/*', schemaById],
  ['GET', '/schemas/ids/*/schema', async (call) => parseExactJson((await schemaById(call)).schema)],
  ['GET', '/schemas/ids/*/versions', usesOfId],
  ['GET', '/schemas/ids/*/subjects', async (call) => (await usesOfId(call)).map((u) => u.subject)],
  ['GET', '/subjects', listSubjects],
  ['GET', '/subjects/*/versions', listVersions],
  ['GET', '/subjects/*/versions/*', async (call) => describe(call, await named(call))],
  ['GET', '/subjects/*/versions/*/schema', versionText],
  ['GET', '/subjects/*/versions/*/referencedby', referencedBy],
  ['POST', '/subjects/*/versions', register],
  ['POST', '/subjects/*', lookUp],
  ['DELETE', '/subjects/*', ({ registry, parts, query }) => deleteSubject(registry, parts, query)],
  [
    'DELETE',
    '/subjects/*/versions/*',
    ({ registry, parts, query }) => deleteVersion(registry, parts, query),
  ],
  ['POST', '/compatibility/subjects/*/versions', checkCompatibility],
  ['POST', '/compatibility/subjects/*/versions/*', checkCompatibility],
  ['GET', '/config', async ({ registry }) => level(await registry.compatibility())],
  ['PUT', '/config', setLevel],
  ['GET', '/config/*', ownLevel],
  ['PUT', '/config/*', setLevel],
  ['DELETE', '/config/*', removeLevel],
  ['GET', '/mode', async () => ({ mode: 'READWRITE' })],
  ['GET', '/mode/*', async () => ({ mode: 'READWRITE' })],
];

/** Answers a request as Confluent's registry does: its paths, its bodies, its error codes. */
export async function answerRegistry(
  registry: StoredRegistry,
  { method, url, body }: ApiRequest,
): Promise<ApiAnswer> {
  try {
    const { pathname, searchParams: query } = new URL(url, 'http://registry');
    const segments = pathname.replace(/\/$/, '').split('/').map(decoded);
    const fitting = routes.filter(([, path]) => fits(path, segments));
    if (fitting.length === 0) throw new ApiError(404, 404, `there is nothing at ${pathname}`);
    const found = fitting.find(([allowed]) => allowed === method);
    if (found === undefined) {
      throw new ApiError(405, 405, `${method} is not for ${pathname}`);
    }
    const pattern = found[1].split('/');
    const parts = segments.filter((_, i) => pattern[i] === '*');
    return { status: 200, body: await found[2]({ registry, parts, query, body }) };
  } catch (error) {
    const known = error instanceof ApiError ? error : fromStreamsError(error);
    return { status: known.status, body: { error_code: known.code, message: known.message } };
  }
}

function fits(path: string, segments: readonly string[]): boolean {
  const pattern = path === '/' ? [''] : path.split('/');
  return (
    pattern.length === segments.length &&
    pattern.every((part, i) => (part === '*' ? segments[i] !== '' : part === segments[i]))
  );
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ApiError(400, 400, `"${segment}" is not percent-encoded text`);
  }
}

function fromStreamsError(error: unknown): ApiError {
  if (!isStreamsError(error)) throw error;
  switch (error.code) {
    case 'SCHEMA_REFUSED':
      return new ApiError(409, 409, error.message);
    case 'SCHEMA_INVALID':
      return new ApiError(422, 42_201, error.message);
    case 'SUBJECT_NAME':
      return new ApiError(422, 42_208, error.message);
    case 'SUBJECT_UNKNOWN':
      return new ApiError(404, 40_401, error.message);
    case 'VERSION_UNKNOWN':
      return new ApiError(404, 40_402, error.message);
    default:
      return new ApiError(500, 50_001, error.message);
  }
}

async function schemaById({
  registry,
  parts: [text = ''],
}: Call): Promise<{ readonly schema: string; readonly references?: readonly SchemaReference[] }> {
  const found = await registry.registered(idOf(text));
  if (found === undefined) throw new ApiError(404, 40_403, `Schema ${text} not found`);
  const { schema, references } = found;
  return { schema, ...(references.length === 0 ? {} : { references }) };
}

async function usesOfId({
  registry,
  parts: [text = ''],
  query,
}: Call): Promise<readonly { readonly subject: string; readonly version: number }[]> {
  const id = idOf(text);
  if ((await registry.registered(id)) === undefined) {
    throw new ApiError(404, 40_403, `Schema ${text} not found`);
  }
  const uses = [];
  for (const subject of await registry.allSubjects()) {
    const versions = liveOrDeleted(await registry.allVersions(subject), query);
    for (const present of versions) {
      if (present.id === id) uses.push({ subject, version: present.version });
    }
  }
  return uses;
}

function idOf(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new ApiError(404, 404, `"${text}" is no id of a schema`);
  return Number(text);
}

async function listSubjects({ registry, query }: Call): Promise<readonly string[]> {
  const prefix = query.get('subjectPrefix') ?? '';
  const all = query.get('deleted') === 'true' ? registry.allSubjects() : registry.subjects();
  return (await all).filter((name) => name.startsWith(prefix));
}

async function listVersions({ registry, parts: [subject = ''], query }: Call): Promise<number[]> {
  const versions = liveOrDeleted(await registry.allVersions(subject), query);
  if (versions.length === 0) throw await requireSubject(registry, subject);
  return versions.map(({ version }) => version);
}

function named({ registry, parts: [subject = '', version = ''], query }: Call) {
  return requireVersion(registry, { subject, version, query });
}

async function describe({ registry }: Call, { subject, version, id }: SubjectRow) {
  const found = await registry.registered(id);
  const references = found?.references ?? [];
  return {
    subject,
    version,
    id,
    ...(references.length === 0 ? {} : { references }),
    schema: found?.schema,
  };
}

async function versionText(call: Call): Promise<unknown> {
  const { schema = '' } = await describe(call, await named(call));
  return parseExactJson(schema);
}

/** Ids of the schemas that name this one. */
async function referencedBy(call: Call): Promise<readonly number[]> {
  const { subject, version } = await named(call);
  const found = await referencing(call.registry, subject, version);
  return [...new Set(found.map(({ id }) => id))].sort((a, b) => a - b);
}

interface SchemaBody {
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

/** The schema of a body, without its white space: that is how it is kept. */
function schemaOf(body: unknown): SchemaBody {
  const { schema, schemaType, references } = (body ?? {}) as Record<string, unknown>;
  if (typeof schema !== 'string') throw new ApiError(422, 42_201, 'Empty schema');
  if (schemaType !== undefined && schemaType !== null && schemaType !== 'AVRO') {
    throw new ApiError(
      422,
      42_201,
      `Invalid schema type ${JSON.stringify(schemaType)}: only AVRO is kept`,
    );
  }
  let text: string;
  try {
    text = JSON.stringify(parseExactJson(schema));
  } catch (error) {
    // A primitive type may be given by its bare name, as Avro's parsers allow.
    if (!/^\s*[a-z]+\s*$/.test(schema)) {
      throw new ApiError(422, 42_201, `Invalid schema ${schema}: ${(error as Error).message}`);
    }
    text = JSON.stringify(schema.trim());
  }
  return { schema: text, references: referencesOf(references) };
}

function referencesOf(references: unknown): readonly SchemaReference[] {
  if (references === undefined || references === null) return [];
  if (!Array.isArray(references)) throw new ApiError(422, 42_201, 'references is no list');
  return references.map((reference) => {
    const { name, subject, version } = (reference ?? {}) as Record<string, unknown>;
    if (
      typeof name !== 'string' ||
      typeof subject !== 'string' ||
      typeof version !== 'number' ||
      !Number.isInteger(version)
    ) {
      throw new ApiError(422, 42_201, 'a reference has a name, a subject and a version');
    }
    return { name, subject, version };
  });
}

async function register({ registry, parts: [subject = ''], body }: Call): Promise<unknown> {
  const { schema, references } = schemaOf(body);
  return { id: await registry.register(subject, schema, { references }) };
}

async function lookUp(call: Call): Promise<unknown> {
  const {
    registry,
    parts: [subject = ''],
    query,
    body,
  } = call;
  const { schema, references } = schemaOf(body);
  const versions = liveOrDeleted(await registry.allVersions(subject), query);
  if (versions.length === 0) throw await requireSubject(registry, subject);
  const wanted = { schema, references };
  const id = await registry.idOf(wanted);
  const found =
    versions.find((present) => present.id === id) ?? (await registry.sameAs(versions, wanted));
  if (found === undefined) throw new ApiError(404, 40_403, 'Schema not found');
  return describe(call, { subject, ...found });
}

async function checkCompatibility({ registry, parts, query, body }: Call): Promise<unknown> {
  const [subject = '', version] = parts;
  const { schema, references } = schemaOf(body);
  const against = version === undefined ? {} : await versionNumber(registry, subject, version);
  const messages = await registry.incompatibilities(subject, schema, { references, ...against });
  return {
    is_compatible: messages.length === 0,
    ...(query.get('verbose') === 'true' ? { messages } : {}),
  };
}

function level({ mode }: { readonly mode: CompatibilityMode }): unknown {
  return { compatibilityLevel: mode };
}

async function ownLevel({ registry, parts: [subject = ''], query }: Call): Promise<unknown> {
  const found = await registry.compatibility(subject);
  if (found.own || query.get('defaultToGlobal') === 'true') return level(found);
  throw new ApiError(
    404,
    40_408,
    `Subject '${subject}' does not have subject-level compatibility configured`,
  );
}

async function setLevel({ registry, parts: [subject], body }: Call): Promise<unknown> {
  const { compatibility } = (body ?? {}) as Record<string, unknown>;
  const mode = typeof compatibility === 'string' ? compatibility.toUpperCase() : undefined;
  if (!isMode(mode)) {
    throw new ApiError(
      422,
      42_203,
      'Invalid compatibility level. Valid values are none, backward, forward, full, ' +
        'backward_transitive, forward_transitive and full_transitive',
    );
  }
  await registry.setCompatibility(mode, subject);
  return { compatibility: mode };
}

async function removeLevel(call: Call): Promise<unknown> {
  const { registry, parts } = call;
  const before = await ownLevel({ ...call, query: new URLSearchParams() });
  await registry.setCompatibility(undefined, parts[0]);
  return before;
}
