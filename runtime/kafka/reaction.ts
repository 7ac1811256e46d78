/**
 * What a failure calls for:
 * - `retry`: the same request again, after a short wait;
 * - `refresh-metadata`: look up leaders and addresses anew, then again;
 * - `refind-coordinator`: look up the coordinator anew, then again;
 * - `rejoin`: the member's generation is over: join the group again;
 * - `abort`: abort the transaction and run its batches again;
 * - `fenced`: another producer or member has taken over: drop everything (E6);
 * - `config`: the user must change something;
 * - `fatal`: stop, it will not get better.
 */
export type Reaction =
  | 'retry'
  | 'refresh-metadata'
  | 'refind-coordinator'
  | 'rejoin'
  | 'abort'
  | 'fenced'
  | 'config'
  | 'fatal';
