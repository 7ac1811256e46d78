import type { CallLogEntry } from '../../../runtime/calls/call-log.ts';
import { callLogTopic } from '../../../topology/core/names.ts';
import type { Evidence } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';
import type { CallEffectName, CallStep, Strike } from './call-steps.ts';
import type { Asked } from './gateway.ts';

/** What is known of the calls of a run. */
export interface CallEvidence {
  readonly effect: CallEffectName;
  /** Every request that reached the provider's door, in order. */
  readonly asked: readonly Asked[];
  /** Idempotency key → its entries in the call log. */
  readonly ends: ReadonlyMap<string, readonly CallLogEntry[]>;
}

/** Entries of the call log of `charge`, by idempotency key. */
export function endsOf({ topics }: Pick<Evidence, 'topics'>): CallEvidence['ends'] {
  const ends = new Map<string, CallLogEntry[]>();
  for (const { key, value } of (topics.get(callLogTopic('orders', 'charge')) ?? []).flat()) {
    const entry = JSON.parse(String(value)) as CallLogEntry;
    const known = ends.get(String(key));
    if (known === undefined) ends.set(String(key), [entry]);
    else known.push(entry);
  }
  return ends;
}

/**
 * Each call has one end in the log and none in the journal; each order was asked for with one key and one body on every attempt, of which the ledger has the
 * money; and where the effect is not idempotent, a provider that honours no keys would have been asked once, too.
 */
export function checkCalls(evidence: Evidence, calls: CallEvidence): readonly Finding[] {
  const findings = new Findings('calls');
  const { topics, stores, ledger } = evidence;
  const held = (topics.get('orders-charge-repartition') ?? []).flat();
  const expected = new Set(held.map(({ key }) => `charge-${String(key)}`));
  if (expected.size !== held.length) findings.add('an order was held twice');
  for (const key of expected) {
    const count = calls.ends.get(key)?.length ?? 0;
    if (count !== 1) findings.add(`${key}: ${count} ends in the call log`);
  }
  for (const key of calls.ends.keys()) {
    if (!expected.has(key)) findings.add(`${key}: has an end, and was never held`);
  }
  for (const [store, rows] of stores) {
    if (!store.startsWith('charge-journal/')) continue;
    if (rows.size > 0) findings.add(`${store}: ${rows.size} calls are open`);
  }
  const bodies = askedOnce(calls, findings);
  for (const { key, cents } of ledger) {
    const body = bodies.get(key);
    if (body === undefined) findings.add(`${key}: in the ledger, and nobody asked for it`);
    else if (amountOf(body) !== cents) findings.add(`${key}: ${cents} cents charged for ${body}`);
  }
  return findings.list();
}

/** Key → body of its requests. */
function askedOnce({ asked, effect }: CallEvidence, findings: Findings): Map<string, string> {
  const bodies = new Map<string, string>();
  for (const { key, body } of asked) {
    const before = bodies.get(key);
    const { orderId } = JSON.parse(body) as { orderId: string };
    if (key !== `charge-${orderId}`) findings.add(`order ${orderId}: asked for as ${key}`);
    if (before !== undefined && before !== body) findings.add(`${key}: ${before}, then ${body}`);
    if (before !== undefined && effect !== 'idempotent') findings.add(`${key}: asked for again`);
    bodies.set(key, body);
  }
  return bodies;
}

function amountOf(body: string): number {
  return (JSON.parse(body) as { amountCents: number }).amountCents;
}

/** What an effect makes of a call that was hit at a step; undefined: later kills may decide. */
interface Fate {
  readonly decidedBy?: CallLogEntry['decidedBy'];
  readonly outcome?: CallLogEntry['outcome'];
  /** Requests in all; `more`: two or more. */
  readonly asked?: number | 'more';
}

const repeated: Fate = { outcome: 'reply', decidedBy: 'service', asked: 'more' };
const found: Fate = { outcome: 'reply', decidedBy: 'look-up', asked: 1 };
const given: Fate = { outcome: 'unknown', decidedBy: 'runtime', asked: 1 };

const fates: Readonly<Record<CallEffectName, Partial<Record<CallStep, Fate>>>> = {
  idempotent: {
    'before-intent': { outcome: 'reply' },
    'after-intent': { outcome: 'reply' },
    'in-flight': repeated,
    acted: repeated,
    'before-outcome': repeated,
  },
  lookup: {
    'after-intent': { outcome: 'reply', asked: 1 },
    'in-flight': found,
    acted: found,
    'before-outcome': { outcome: 'reply', decidedBy: 'look-up', asked: 1 },
  },
  'at-most-once': {
    'after-mark': { ...given, asked: 0 },
    'in-flight': given,
    acted: given,
    'before-outcome': given,
  },
};

/** Each call that was hit became what its effect says. */
export function checkFates(
  { effect, asked, ends }: CallEvidence,
  strikes: readonly Strike[],
): readonly Finding[] {
  const findings = new Findings('fates');
  for (const { step, life, keys } of strikes) {
    const fate = fates[effect][step] ?? {};
    for (const key of keys) {
      const lives = asked.filter((it) => it.key === key).map((it) => it.life);
      const end = ends.get(key)?.[0];
      const what = `${key}, hit ${step} in life ${life}`;
      for (const name of ['outcome', 'decidedBy'] as const) {
        const wanted = fate[name];
        if (wanted === undefined || end?.[name] === wanted) continue;
        findings.add(`${what}: ${name} ${end?.[name]} instead of ${wanted}`);
      }
      const right = fate.asked === 'more' ? lives.length > 1 : lives.length === fate.asked;
      if (fate.asked !== undefined && !right) {
        findings.add(`${what}: ${lives.length} requests instead of ${fate.asked}`);
      }
      if (step === 'after-outcome' && lives.some((it) => it > life)) {
        findings.add(`${what}: asked for after its end`);
      }
    }
  }
  return findings.list();
}
