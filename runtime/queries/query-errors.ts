import { ConfigError, StreamsError } from '../../topology/core/errors.ts';

/** A query that cannot be answered now: ask again after `retryAfterMs`. */
export class QueryUnavailableError extends StreamsError {
  /** When it is worth a try, ms. */
  readonly retryAfterMs: number;

  constructor(code: string, message: string, retryAfterMs: number, cause?: unknown) {
    super(code, message, { cause });
    this.retryAfterMs = retryAfterMs;
  }
}

/** Why partitions of a store have no answer. */
export interface Unanswered {
  readonly store: string;
  readonly partition: number;
  readonly reason:
    | { readonly kind: 'unowned' | 'moved' | 'restoring' }
    | { readonly kind: 'no-endpoint'; readonly member: string }
    | { readonly kind: 'unreachable'; readonly endpoint: string; readonly why: string };
  /** The most that a standby may be behind; undefined: none was asked. */
  readonly maxStalenessMs: number | undefined;
}

const soonMs = 1000;

/** The error for a partition that nobody answered for. */
export function unanswered({ store, partition, reason, maxStalenessMs }: Unanswered): StreamsError {
  const what = `partition ${partition} of store "${store}"`;
  const standby =
    maxStalenessMs === undefined
      ? ' (standbys were not asked: say how stale an answer may be)'
      : `, and no standby is less than ${maxStalenessMs} ms behind`;
  switch (reason.kind) {
    case 'restoring':
      return unavailable('QUERY_RESTORING', `${what} is being restored${standby}; ask again soon`);
    case 'unowned':
      return unavailable(
        'QUERY_REBALANCING',
        `no member has ${what} yet${standby}; ask again soon`,
      );
    case 'moved':
      return unavailable(
        'QUERY_REBALANCING',
        `${what} is on its way to another member${standby}; ask again soon`,
      );
    case 'no-endpoint':
      return new ConfigError(
        'QUERY_ENDPOINT',
        `${what} is on member ${reason.member}, which does not answer queries${standby}: set "queries" in its runner file, too`,
      );
    case 'unreachable':
      return unavailable(
        'QUERY_UNREACHABLE',
        `the owner of ${what}, ${reason.endpoint}, does not answer (${reason.why})${standby}; ask again when it is back, or its tasks have moved`,
      );
  }
}

function unavailable(code: string, message: string): QueryUnavailableError {
  return new QueryUnavailableError(code, message, soonMs);
}
