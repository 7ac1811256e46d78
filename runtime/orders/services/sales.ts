import type { SalesReport } from '../../../schemas/orders/sales.ts';
import { count, dollars, verdict } from '../summary-text.ts';
import { readValues } from '../topic-values.ts';
import { paidCents } from './paid-orders.ts';
import type { ReportSources, ServiceReport } from './service-report.ts';

const topics = {
  departments: 'analytics.by-department',
  stores: 'analytics.by-store',
} as const;

interface Totals {
  readonly places: number;
  readonly revenueCents: number;
  readonly placedOrders: number;
  readonly paidOrders: number;
  readonly paidUnits: number;
}

/** The sales by department and by store, beside what was paid: three sums that are one. */
export async function reportSales(sources: ReportSources): Promise<ServiceReport> {
  const departments = await totalsOf(sources, topics.departments);
  const stores = await totalsOf(sources, topics.stores);
  const paid = paidCents(sources.paid);
  const holds =
    departments.revenueCents === paid &&
    stores.revenueCents === paid &&
    stores.paidOrders === sources.paid.size;
  const conversion = stores.placedOrders === 0 ? 0 : stores.paidOrders / stores.placedOrders;
  const percent = `${(100 * conversion).toFixed(1)} %`;
  return {
    service: 'analytics',
    lines: [
      `${count(stores.paidUnits, 'unit')} sold; ${percent} of ${count(stores.placedOrders, 'order')} were paid`,
      `${dollars(departments.revenueCents)} in ${count(departments.places, 'department')} = ${dollars(stores.revenueCents)} in ${count(stores.places, 'store')} = ${dollars(paid)} paid: ${verdict(holds)}`,
    ],
    figures: {
      departments: departments.places,
      stores: stores.places,
      revenueByDepartmentCents: departments.revenueCents,
      revenueByStoreCents: stores.revenueCents,
      placedOrders: stores.placedOrders,
      paidOrders: stores.paidOrders,
      paidUnits: stores.paidUnits,
      holds,
    },
    holds,
  };
}

async function totalsOf(sources: ReportSources, topic: string): Promise<Totals> {
  const latest = new Map<string, SalesReport>();
  const serde = await sources.serdes.of<SalesReport>(topic, 'shop.SalesReport');
  await readValues(sources, topic, serde, (report, key) => latest.set(key, report));
  const totals = { revenueCents: 0, placedOrders: 0, paidOrders: 0, paidUnits: 0 };
  for (const report of latest.values()) {
    totals.revenueCents += report.revenueCents;
    totals.placedOrders += report.placedOrders;
    totals.paidOrders += report.paidOrders;
    totals.paidUnits += report.paidUnits;
  }
  return { places: latest.size, ...totals };
}
