import type { PickList } from '../../../schemas/orders/warehouse.ts';
import { pickTopics } from '../picker.ts';
import { count, verdict } from '../summary-text.ts';
import { readValues } from '../topic-values.ts';
import type { ReportSources, ServiceReport } from './service-report.ts';

/** The pick lists, beside what was paid: each paid order has one, with all of its lines. */
export async function reportPickLists(sources: ReportSources): Promise<ServiceReport> {
  const { serdes, paid } = sources;
  const lists = new Map<string, { readonly lines: number; readonly picked: boolean }>();
  let opened = 0;
  const serde = await serdes.of<PickList>(pickTopics.lists, 'shop.PickList');
  await readValues(sources, pickTopics.lists, serde, ({ orderId, state, lines }) => {
    if (!lists.has(orderId)) opened += 1;
    lists.set(orderId, { lines: lines.length, picked: state === 'PICKED' });
  });
  let listed = 0;
  let picked = 0;
  let wrong = 0;
  for (const [orderId, list] of lists) {
    listed += list.lines;
    if (list.picked) picked += 1;
    if (paid.get(orderId)?.lines !== list.lines) wrong += 1;
  }
  for (const orderId of paid.keys()) if (!lists.has(orderId)) wrong += 1;
  const holds = wrong === 0;
  return {
    service: 'warehouse',
    lines: [
      `${count(opened, 'pick list')}: ${count(picked)} picked, ${count(opened - picked)} open`,
      `${count(listed, 'line')} on them = lines of paid orders: ${verdict(holds)}`,
    ],
    figures: { pickLists: opened, picked, open: opened - picked, lines: listed, wrong, holds },
    holds,
  };
}
