import { pointsOf } from '../../../processors/orders/award.ts';
import type { PointsChange } from '../../../schemas/orders/loyalty.ts';
import { count, verdict } from '../summary-text.ts';
import { readValues } from '../topic-values.ts';
import type { ReportSources, ServiceReport } from './service-report.ts';

const topic = 'loyalty.changes';

/** The points, beside what was paid: those of the rule, order by order. */
export async function reportPoints(sources: ReportSources): Promise<ServiceReport> {
  const byOrder = new Map<string, number>();
  const customers = new Set<string>();
  const serde = await sources.serdes.of<PointsChange>(topic, 'shop.PointsChange');
  await readValues(sources, topic, serde, ({ orderId, customerId, points }) => {
    byOrder.set(orderId, (byOrder.get(orderId) ?? 0) + points);
    customers.add(customerId);
  });
  let given = 0;
  let due = 0;
  let wrong = 0;
  for (const points of byOrder.values()) given += points;
  for (const [orderId, { cents }] of sources.paid) {
    due += pointsOf(cents);
    if ((byOrder.get(orderId) ?? 0) !== pointsOf(cents)) wrong += 1;
  }
  const holds = wrong === 0 && given === due;
  return {
    service: 'loyalty',
    lines: [
      `${count(given, 'point')} of ${count(customers.size, 'customer')} = one for each whole dollar of a paid order: ${verdict(holds)}`,
    ],
    figures: { points: given, customers: customers.size, wrong, holds },
    holds,
  };
}
