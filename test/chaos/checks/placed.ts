import type { RetailBasket } from '../../../schemas/orders/retail-basket.ts';
import type { Evidence } from '../evidence.ts';
import { Findings } from '../finding.ts';
import type { Finding } from '../finding.ts';

/** Every basket was placed once, but for what somebody else sent: order → so many more. */
export function checkPlaced(
  { topics }: Evidence,
  baskets: readonly RetailBasket[],
  strays: ReadonlyMap<string, number> = new Map(),
): readonly Finding[] {
  const findings = new Findings('taken-once');
  const counts = new Map<string, number>();
  for (const { key } of (topics.get('orders.placed') ?? []).flat()) {
    counts.set(String(key), (counts.get(String(key)) ?? 0) + 1);
  }
  for (const { basketId } of baskets) {
    const expected = 1 + (strays.get(basketId) ?? 0);
    const is = counts.get(basketId) ?? 0;
    if (is !== expected) findings.add(`basket ${basketId} was placed ${is} times, not ${expected}`);
  }
  return findings.list();
}
