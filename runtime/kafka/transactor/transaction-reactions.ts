import type { ErrorPlace } from '../../../topology/core/errors.ts';
import { refused } from '../broker-error.ts';
import { codeOf } from '../error-codes.ts';
import type { Reaction } from '../reaction.ts';

/**
 * What an error code calls for inside a transaction:
 * - `retry`: the same request again, to the leader or coordinator as it is known then;
 * - `generation`: the group has gone on: wait for the join that is under way, then again with the new generation;
 * - `expelled`: abort; the group does not know the member any more;
 * - `split`: abort; the next attempt makes smaller batches;
 * - `abort`: abort; the batches run again;
 * - `fenced`: another producer has the transactional id: everything is dropped, nothing is aborted, the other one did that;
 * - `refused`: abort; the error goes to the user.
 */
export type TransactionReaction =
  'retry' | 'generation' | 'expelled' | 'split' | 'abort' | 'fenced' | 'refused';

const byReaction: Readonly<Record<Reaction, TransactionReaction>> = {
  retry: 'retry',
  'refresh-metadata': 'retry',
  'refind-coordinator': 'retry',
  rejoin: 'generation',
  abort: 'abort',
  fenced: 'fenced',
  config: 'refused',
  fatal: 'refused',
};

/** Where a transaction differs from the general reaction to a code. */
const special: Readonly<Record<number, TransactionReaction>> = {
  // MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE
  10: 'split',
  18: 'split',
  // UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID
  25: 'expelled',
  82: 'expelled',
  // DUPLICATE_SEQUENCE_NUMBER: the records are there, at offsets that nobody knows any more.
  46: 'abort',
};

/** What an error code calls for inside a transaction. */
export function transactionReaction(code: number): TransactionReaction {
  return special[code] ?? byReaction[codeOf(code).reaction];
}

/** The batch that was refused. */
export interface RefusedBatch {
  readonly records: number;
  /** Before compression. */
  readonly bytes: number;
}

/** A broker's refusal of a step of a transaction. */
export class Refusal extends Error {
  readonly code: number;
  readonly place: ErrorPlace;
  readonly reaction: TransactionReaction;
  readonly batch: RefusedBatch | undefined;
  /** An earlier request of the same kind got no answer, or none that says whether it was carried out. */
  unanswered = false;
  private readonly what: string;

  /** @param what - what was asked for, as an infinitive */
  constructor(code: number, what: string, place: ErrorPlace = {}, batch?: RefusedBatch) {
    super(`${what}: ${codeOf(code).name}`);
    this.code = code;
    this.what = what;
    this.place = place;
    this.batch = batch;
    this.reaction = transactionReaction(code);
  }

  /** What the code calls for outside of transactions: tells `config` from `fatal`. */
  get codeReaction(): Reaction {
    return codeOf(this.code).reaction;
  }

  /** The error for whoever asked. */
  get error(): Error {
    return refused(this.code, this.what, { ...this.place, ...rightFor(this.code, this.place) });
  }
}

/** The right that whoever writes lacks, by the code of the refusal. */
function rightFor(code: number, { topic }: ErrorPlace): { readonly right?: string } {
  switch (codeOf(code).name) {
    case 'TOPIC_AUTHORIZATION_FAILED':
      if (topic !== undefined) return { right: `Write on topic "${topic}"` };
      return { right: 'Read on the topics that are read, and Write on those that are written' };
    case 'GROUP_AUTHORIZATION_FAILED':
      return { right: 'Read on the group' };
    case 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED':
      return { right: 'Write on the transactional id' };
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return { right: 'IdempotentWrite on the cluster' };
    default:
      return {};
  }
}
