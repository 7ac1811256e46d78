import type { Evidence } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';

const finalStates = ['PAID', 'REJECTED', 'OUT_OF_STOCK', 'PAYMENT_DECLINED'];

/** Order → its states, in order per partition. */
export function statesOf({ topics, decode }: Evidence): ReadonlyMap<string, readonly string[]> {
  const states = new Map<string, string[]>();
  for (const { key, value } of (topics.get('orders.status') ?? []).flat()) {
    const { state } = decode(value) as { readonly state: string };
    const known = states.get(String(key));
    if (known === undefined) states.set(String(key), [state]);
    else known.push(state);
  }
  return states;
}

/**
 * Every order that was placed has exactly one final state, or none where its charge ended unknown
 * (PAYMENT_UNKNOWN), and no other order has any.
 */
export function checkStates(evidence: Evidence): readonly Finding[] {
  const findings = new Findings('one-final-state');
  const states = new Map(statesOf(evidence));
  const placed = new Set(
    (evidence.topics.get('orders.placed') ?? []).flat().map(({ key }) => String(key)),
  );
  for (const orderId of placed) {
    const all = states.get(orderId) ?? [];
    states.delete(orderId);
    const final = all.filter((state) => finalStates.includes(state));
    const unknown = final.length === 0 && all.length === 1 && all[0] === 'PAYMENT_UNKNOWN';
    if (final.length !== 1 && !unknown) findings.add(`${orderId}: ${all.join(', ') || 'none'}`);
  }
  for (const [orderId, all] of states) findings.add(`${orderId}: ${all.join(', ')}, never placed`);
  return findings.list();
}
