import { durationMs } from '../../topology/core/duration.ts';
import { ConfigError } from '../../topology/core/errors.ts';
import { keyOfText, textOfKey } from './key-text.ts';
import type { MemberScan, StoreScanOptions } from './store-query.ts';
import type { RowPlace, StoreView } from './store-view.ts';

/**
 * What a URL asks of a store, in its query: `key`; or `from`, `to`, `after` with `after-partition`, `limit`. `max-staleness` is a duration. Of a member's own
 * part of a store: `partitions`, too.
 */
export type StoreRequest =
  | { readonly kind: 'get'; readonly key: unknown; readonly maxStaleness: number | undefined }
  | { readonly kind: 'range'; readonly options: StoreScanOptions };

type Typed = Pick<StoreView, 'store' | 'key'>;

const names = ['key', 'from', 'to', 'after', 'after-partition', 'limit', 'max-staleness'];

/**
 * Reads a question about a store.
 * @throws {ConfigError} QUERY_PARAMETER, QUERY_KEY
 */
export function storeRequest(query: URLSearchParams, view: Typed): StoreRequest {
  checkNames(query, names);
  const key = query.get('key');
  const staleness = maxStaleness(query);
  if (key !== null) {
    const others = ['from', 'to', 'after', 'limit'].filter((it) => query.has(it));
    if (others.length > 0) throw refused(`"key" and "${others[0]}" do not go together`);
    return { kind: 'get', key: keyOfText(key, view.key), maxStaleness: staleness };
  }
  const limit = whole(query, 'limit');
  const options = {
    ...bounds(query, view),
    ...(limit === undefined ? {} : { limit }),
    ...(staleness === undefined ? {} : { maxStaleness: staleness }),
  };
  return { kind: 'range', options };
}

/** The query of {@link memberScan}. */
export function memberScanQuery(scan: MemberScan, { key: type }: Typed): URLSearchParams {
  const query = new URLSearchParams({
    partitions: scan.partitions.join(','),
    limit: String(scan.limit),
  });
  const put = (name: string, key: unknown): void => {
    if (key !== undefined) query.set(name, textOfKey(key, type));
  };
  put('key', scan.key);
  put('from', scan.from);
  put('to', scan.to);
  put('after', scan.after?.key);
  if (scan.after !== undefined) query.set('after-partition', String(scan.after.partition));
  if (scan.standby === true)
    query.set('max-staleness', `${scan.maxStalenessMs ?? Number.MAX_SAFE_INTEGER}ms`);
  return query;
}

/**
 * Reads what a member asks another one about its own disk.
 * @throws {ConfigError} QUERY_PARAMETER, QUERY_KEY
 */
export function memberScan(query: URLSearchParams, view: Typed): MemberScan {
  checkNames(query, [...names, 'partitions']);
  const partitions = query.get('partitions') ?? '';
  if (!/^\d{1,9}(?:,\d{1,9})*$/.test(partitions)) {
    throw refused('"partitions" must be numbers with commas between them');
  }
  const key = query.get('key');
  const staleness = maxStaleness(query);
  return {
    partitions: partitions.split(',').map(Number),
    limit: whole(query, 'limit') ?? 0,
    ...(key === null ? bounds(query, view) : { key: keyOfText(key, view.key) }),
    ...(staleness === undefined ? {} : { standby: true, maxStalenessMs: staleness }),
  };
}

function bounds(
  query: URLSearchParams,
  { key: type }: Typed,
): { readonly from?: unknown; readonly to?: unknown; readonly after?: RowPlace } {
  const [from, to, after] = ['from', 'to', 'after'].map((it) => query.get(it));
  return {
    ...(from == null ? {} : { from: keyOfText(from, type) }),
    ...(to == null ? {} : { to: keyOfText(to, type) }),
    ...(after == null
      ? {}
      : {
          after: { key: keyOfText(after, type), partition: whole(query, 'after-partition') ?? 0 },
        }),
  };
}

function maxStaleness(query: URLSearchParams): number | undefined {
  const text = query.get('max-staleness');
  if (text === null) return undefined;
  const ms = durationMs(text);
  if (ms === undefined) throw refused(`"max-staleness" is "${text}"; write it like 500ms or 5s`);
  return ms;
}

function whole(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw refused(`"${name}" is "${text}"; it must be a whole number`);
  return Number(text);
}

function checkNames(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (!known.includes(name)) {
      throw refused(`there is no parameter "${name}"; there are ${known.join(', ')}`);
    }
    if (query.getAll(name).length > 1) throw refused(`"${name}" stands there twice`);
  }
}

function refused(message: string): ConfigError {
  return new ConfigError('QUERY_PARAMETER', message);
}
