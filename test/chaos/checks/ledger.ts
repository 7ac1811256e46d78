import type { Evidence } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';

/**
 * No idempotency key is in the ledger twice; approved charges are the paid orders, with their money;
 * declined ones the declined orders; orders that ended unknown may have either.
 */
export function checkLedger(
  evidence: Evidence,
  states: ReadonlyMap<string, readonly string[]>,
): readonly Finding[] {
  const findings = new Findings('charged-once');
  const { topics, ledger, decode } = evidence;
  const paid = new Map<string, number>();
  for (const { value } of (topics.get('orders.paid') ?? []).flat()) {
    const { orderId, totalCents } = decode(value) as { orderId: string; totalCents: number };
    if (paid.has(orderId)) findings.add(`order ${orderId} is paid twice`);
    paid.set(orderId, totalCents);
  }
  const keys = new Set<string>();
  let approvedCents = 0;
  for (const { key, state, orderId, cents } of ledger) {
    if (keys.has(key)) findings.add(`key ${key} is in the ledger twice`);
    keys.add(key);
    if (states.get(orderId)?.includes('PAYMENT_UNKNOWN') === true) continue;
    if (state === 'APPROVED') {
      approvedCents += cents;
      if (paid.get(orderId) !== cents) {
        findings.add(`${cents} cents charged for order ${orderId}, paid ${paid.get(orderId)}`);
      }
    } else if (states.get(orderId)?.includes('PAYMENT_DECLINED') !== true) {
      findings.add(`charge ${key} was declined, its order is ${states.get(orderId)?.join(', ')}`);
    }
  }
  const paidCents = [...paid.values()].reduce((sum, cents) => sum + cents, 0);
  if (paidCents !== approvedCents) {
    findings.add(`the ledger has ${approvedCents} cents, orders.paid ${paidCents}`);
  }
  return findings.list();
}
