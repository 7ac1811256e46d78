import type { FraudAlert } from '../../../schemas/orders/fraud.ts';
import { count } from '../summary-text.ts';
import { readValues } from '../topic-values.ts';
import type { ReportSources, ServiceReport } from './service-report.ts';

const topic = 'fraud.alerts';

/** The alerts, by rule. There is nothing that they must agree with. */
export async function reportAlerts(sources: ReportSources): Promise<ServiceReport> {
  const rules = { VELOCITY: 0, AMOUNT: 0 };
  const customers = new Set<string>();
  const serde = await sources.serdes.of<FraudAlert>(topic, 'shop.FraudAlert');
  await readValues(sources, topic, serde, ({ rule, customerId }) => {
    rules[rule] += 1;
    customers.add(customerId);
  });
  const alerts = rules.VELOCITY + rules.AMOUNT;
  const { VELOCITY: velocity, AMOUNT: amount } = rules;
  return {
    service: 'fraud',
    lines: [
      `${count(alerts, 'alert')} about ${count(customers.size, 'customer')}: ${count(velocity)} ordered too often, ${count(amount)} for too much`,
    ],
    figures: { alerts, customers: customers.size, velocity, amount },
    holds: true,
  };
}
