import type { Clock } from '../../topology/core/clock.ts';
import { askHttp } from './http-client.ts';
import { memberScanQuery } from './query-url.ts';
import { rangeOf, type RangeJson } from './rows-json.ts';
import type { AskMember } from './store-query.ts';

export interface MemberClientOptions {
  readonly application: string;
  readonly token: string | undefined;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** Asks members over HTTP about what is on their own disks. Throws an Error that says in few words why there is no answer. */
export function memberClient({ application, ...asking }: MemberClientOptions): AskMember {
  return async (endpoint, view, scan) => {
    const query = memberScanQuery(scan, view);
    const url = `${endpoint}/members/${application}/${view.store}?${query.toString()}`;
    const { status, body } = await askHttp({ ...asking, url });
    if (status !== 200) throw new Error(errorOf(body).message ?? `HTTP status ${status}`);
    const range = rangeOf(body as RangeJson);
    const asked = (it: { readonly partition: number }): boolean =>
      scan.partitions.includes(it.partition);
    if (range.from.every(asked) && range.rows.every(asked)) return range;
    throw new Error('it answers for partitions that it was not asked for');
  };
}

/** What an answer says of an error, as far as it does. */
export function errorOf(body: unknown): {
  readonly code: string | undefined;
  readonly message: string | undefined;
} {
  const { error } = (body ?? {}) as { readonly error?: { code?: unknown; message?: unknown } };
  const text = (it: unknown): string | undefined => (typeof it === 'string' ? it : undefined);
  return { code: text(error?.code), message: text(error?.message) };
}
