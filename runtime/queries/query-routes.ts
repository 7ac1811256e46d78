import { ConfigError, isStreamsError, SerdeError } from '../../topology/core/errors.ts';
import { typeName } from '../../topology/graph/avro-types.ts';
import { QueryUnavailableError } from './query-errors.ts';
import { memberScan, storeRequest } from './query-url.ts';
import { rangeJson, rowsJson } from './rows-json.ts';
import type { StoreQuery } from './store-query.ts';

/** What is asked over HTTP. */
export interface QuerySource {
  readonly application: string;
  /** Names of its stores. */
  readonly stores: readonly string[];
  /** @throws {ConfigError} STORE_NAME */
  query(store: string): Promise<StoreQuery>;
  /** Told of what nobody foresaw. */
  report(message: string): void;
}

export interface HttpResult {
  readonly status: number;
  readonly body: unknown;
  /** Seconds. */
  readonly retryAfter?: number;
}

/**
 * Answers a GET:
 *
 * | path | what |
 * |---|---|
 * | `/stores` | the stores, with types |
 * | `/stores/NAME?…` | rows of all members (`storeRequest`) |
 * | `/members/APPLICATION/NAME?…` | rows of this member alone (`memberScan`): another one asks, and no further one is asked for it |
 *
 * Never throws.
 */
export async function answerQuery(target: string, source: QuerySource): Promise<HttpResult> {
  try {
    const url = URL.parse(target, 'http://member');
    const parts = (url?.pathname ?? '').split('/').slice(1).map(decodeURIComponent);
    const query = url?.searchParams ?? new URLSearchParams();
    const [first, second, third, ...rest] = parts;
    if (rest.length > 0) return notFound;
    if (first === 'stores' && second === undefined) return ok(await storeList(source));
    if (first === 'stores' && second !== undefined && third === undefined) {
      return ok(await storeRows(await source.query(second), query));
    }
    if (first !== 'members' || second === undefined || third === undefined) return notFound;
    if (second !== source.application) {
      return failed(404, 'OTHER_APPLICATION', `this is a member of "${source.application}"`);
    }
    const { local } = await source.query(third);
    return ok(rangeJson(await local.range(memberScan(query, local))));
  } catch (error) {
    return resultOf(error, source);
  }
}

const notFound = failed(
  404,
  'QUERY_PATH',
  'there is no such path; there are /stores and /stores/NAME',
);

function ok(body: unknown): HttpResult {
  return { status: 200, body };
}

/** An error as it is told. */
export function failed(status: number, code: string, message: string): HttpResult {
  return { status, body: { error: { code, message } } };
}

async function storeList(source: QuerySource): Promise<object> {
  const list = [];
  for (const name of source.stores) {
    const { key, value, partitions } = await source.query(name);
    list.push({ name, key: typeName(key), value: typeName(value), partitions });
  }
  return { application: source.application, stores: list };
}

async function storeRows(store: StoreQuery, query: URLSearchParams): Promise<object> {
  const request = storeRequest(query, store);
  if (request.kind === 'range') return rowsJson(store, await store.range(request.options));
  const { key, maxStaleness } = request;
  const options = maxStaleness === undefined ? {} : { maxStaleness };
  return rowsJson(store, await store.get(key, options));
}

function resultOf(error: unknown, source: QuerySource): HttpResult {
  if (error instanceof URIError) return failed(400, 'QUERY_PATH', 'the path is not encoded well');
  if (!isStreamsError(error)) {
    const text = error instanceof Error ? error.stack : String(error);
    source.report(`a query failed, which should not happen; please report it: ${text}`);
    return failed(500, 'QUERY_FAILED', 'the query failed: what the member reports says why');
  }
  const { code, message } = error;
  if (error instanceof QueryUnavailableError) {
    return { ...failed(503, code, message), retryAfter: Math.ceil(error.retryAfterMs / 1000) };
  }
  if (code === 'STORE_NAME') return failed(404, code, message);
  if (code === 'QUERY_ENDPOINT') return failed(503, code, message);
  const asked = error instanceof ConfigError || error instanceof SerdeError;
  return failed(asked ? 400 : 500, code, message);
}
