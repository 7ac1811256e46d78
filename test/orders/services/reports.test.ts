import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { messageIdOf } from '../../../processors/orders/mail/message-id.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import { MemoryRegistry } from '../../../runtime/memory/memory-registry.ts';
import { OutsideWriter } from '../../../runtime/orders/outside-writer.ts';
import { reportServices } from '../../../runtime/orders/services/reports.ts';
import { openShopSerdes } from '../../../runtime/orders/shop-serdes.ts';
import type { ShopSerdes } from '../../../runtime/orders/shop-serdes.ts';
import { TopicBatches } from '../../../runtime/orders/topic-batches.ts';

let log: MemoryLog;
let serdes: ShopSerdes;
beforeEach(async () => {
  log = new MemoryLog({ clock: { now: () => 0, monotonic: () => 0, after: () => () => {} } });
  serdes = await openShopSerdes(new MemoryRegistry());
});

const paid = new Map([
  ['o1', { cents: 250, lines: 2 }],
  ['o2', { cents: 99, lines: 1 }],
]);

async function write(topic: string, type: string, records: readonly [string, object][]) {
  await log.admin.create({ name: topic, partitions: 1, cleanup: 'delete', retention: 'forever' });
  const batches = new TopicBatches<object>(topic, 1, await serdes.of(topic, type));
  for (const [key, value] of records) batches.add(key, value, 0);
  const writer = await OutsideWriter.open(log, 'test');
  await writer.write(batches.take());
  await writer.close();
}

async function report(service: string, mailBook?: string) {
  const [found] = await reportServices([service], { log, serdes, paid, mailBook });
  return found;
}

describe('reportServices', () => {
  const mail = (orderId: string, outcome = 'SENT'): [string, object] => [
    orderId,
    { orderId, state: 'PAID', outcome, to: 'a@shop.example', at: 0 },
  ];

  test('finds a paid order without a confirmation', async () => {
    await write('notifications.mails', 'shop.Mail', [mail('o1')]);
    expect(await report('notifications')).toMatchObject({
      holds: false,
      figures: { sent: 1, paidWithoutConfirmation: 1 },
    });
  });

  test('takes a letter that the server refused for an answer', async () => {
    await write('notifications.mails', 'shop.Mail', [mail('o1'), mail('o2', 'REFUSED')]);
    expect(await report('notifications')).toMatchObject({ holds: true, figures: { refused: 1 } });
  });

  test('believes the book of the mail server, and counts what came twice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'reports-'));
    const file = join(folder, 'mails.jsonl');
    const line = (id: string): string => {
      const messageId = messageIdOf(`mail-${id}-PAID`);
      return `${JSON.stringify({ messageId, to: '', subject: '', bytes: 1 })}\n`;
    };
    await write('notifications.mails', 'shop.Mail', [mail('o1'), mail('o2')]);
    await writeFile(file, line('o1') + line('o1'));
    expect(await report('notifications', file)).toMatchObject({
      holds: false,
      figures: { letters: 1, twice: 1, paidWithoutConfirmation: 1 },
    });
    await writeFile(file, line('o1') + line('o1') + line('o2'));
    expect(await report('notifications', file)).toMatchObject({ holds: true });
    await rm(folder, { recursive: true });
  });

  const list = (orderId: string, lines: number, state = 'OPEN'): [string, object] => [
    orderId,
    {
      orderId,
      storeId: 's',
      state,
      lines: Array.from({ length: lines }, () => ({ productId: 'A', quantity: 1, totalCents: 1 })),
    },
  ];

  test.each([
    ['a list is missing', [list('o1', 2)], 1],
    ['a line is missing', [list('o1', 1), list('o2', 1)], 1],
    ['a list is of no paid order', [list('o1', 2), list('o2', 1), list('o3', 1)], 1],
    ['all is well', [list('o1', 2), list('o1', 2, 'PICKED'), list('o2', 1)], 0],
  ])('sees of the pick lists that %s', async (_, lists, wrong) => {
    await write('warehouse.pick-lists', 'shop.PickList', lists);
    expect(await report('warehouse')).toMatchObject({ holds: wrong === 0, figures: { wrong } });
  });

  const sales = (revenueCents: number, paidOrders: number): object => {
    const rest = { placedOrders: 4, placedUnits: 9, paidUnits: 3, conversion: 0.5 };
    return { ...rest, revenueCents, paidOrders };
  };

  test.each([
    ['agree', 349, true],
    ['are a cent apart', 348, false],
  ])('sees that the sums of sales %s', async (_, cents, holds) => {
    const rows: [string, object][] = [
      ['GROCERY', sales(7, 1)],
      ['GROCERY', sales(cents, 2)],
    ];
    await write('analytics.by-department', 'shop.SalesReport', rows);
    await write('analytics.by-store', 'shop.SalesReport', [['330', sales(349, 2)]]);
    expect(await report('analytics')).toMatchObject({ holds });
  });

  const points = (orderId: string, value: number): [string, object] => [
    'c1',
    { orderId, customerId: 'c1', points: value },
  ];

  test.each([
    ['right', [points('o1', 2)], 0],
    ['missing', [], 1],
    ['too many', [points('o1', 2), points('o2', 1)], 1],
    ['taken back from a paid order', [points('o1', 2), points('o1', -2)], 1],
  ])('sees that points are %s', async (_, changes, wrong) => {
    await write('loyalty.changes', 'shop.PointsChange', changes);
    expect(await report('loyalty')).toMatchObject({ holds: wrong === 0, figures: { wrong } });
  });

  test('has nothing to say of an application that it does not know', async () => {
    expect(await report('other')).toBeUndefined();
  });
});
