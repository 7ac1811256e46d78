/**
 * What an answer's status says of a call:
 *
 * - `reply`: its body is the reply.
 * - `in-progress`: another request with this key is being worked on; asked again.
 * - `unavailable`: it cannot answer now, and something may have happened; asked again as `retry` says.
 * - `not-sent`: it did nothing and will not have done anything; asked again, without being counted.
 * - `unknown`: it does not tell what happened.
 * - `refused`: it does not take this request, and never will: the record goes to the dead letters.
 */
export type StatusWord =
  'reply' | 'in-progress' | 'unavailable' | 'not-sent' | 'unknown' | 'refused';

/** Every {@link StatusWord}. */
export const statusWords: readonly StatusWord[] = [
  'reply',
  'in-progress',
  'unavailable',
  'not-sent',
  'unknown',
  'refused',
];

/**
 * What an answer's status says in a look-up, beside the words that it shares with a call: with `absent` the service certainly knows nothing of the key, so that
 * the request is sent.
 */
export type LookupWord = Exclude<StatusWord, 'refused'> | 'absent';

/** Every {@link LookupWord}. */
export const lookupWords: readonly LookupWord[] = [
  'reply',
  'absent',
  'in-progress',
  'unavailable',
  'not-sent',
  'unknown',
];

/** A status code, or all codes of a hundred that are not named: `409`, `5xx`. */
export const statusPattern = /^[1-5](?:\d\d|xx)$/;

/** What holds of codes that nobody maps, where a call and a look-up agree. */
const common = {
  '1xx': 'unknown',
  '2xx': 'reply',
  '3xx': 'unknown',
  '401': 'not-sent',
  '407': 'not-sent',
  '408': 'unavailable',
  '409': 'in-progress',
  '425': 'not-sent',
  '429': 'unavailable',
  '5xx': 'unavailable',
} as const;

/** What holds of codes that a call does not map itself, where `2xx` and `409` are words of a mapping. */
export const defaultStatuses: Readonly<Record<string, StatusWord>> = {
  ...common,
  '4xx': 'refused',
};

/** What holds in a look-up of codes that it does not map itself. What is `absent` must be written: it leads to a request. */
export const defaultLookupStatuses: Readonly<Record<string, LookupWord>> = {
  ...common,
  '4xx': 'unknown',
};

/**
 * What a status says by a mapping: the code itself counts before its hundred, and what is written before what is a default.
 * So a default of a code holds until that very code is written. What is no status at all says `otherwise`.
 */
export function statusOutcome<Outcome>(
  status: number,
  written: Readonly<Record<string, Outcome>>,
  defaults: Readonly<Record<string, Outcome>>,
  otherwise: Outcome,
): Outcome {
  const code = String(status);
  const hundred = `${code.slice(0, 1)}xx`;
  for (const key of statusPattern.test(code) ? [code, hundred] : []) {
    for (const map of [written, defaults]) {
      if (Object.hasOwn(map, key)) return map[key] as Outcome;
    }
  }
  return otherwise;
}
