import { afterEach, describe, expect, test } from 'vitest';
import { CallFailure } from '../../../processors/call-handler.ts';
import type { CallHandler } from '../../../processors/call-handler.ts';
import type { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import type { Email, Mail } from '../../../schemas/orders/mail.ts';
import type { State } from '../../../schemas/orders/shop.ts';
import { orderPlaced, orderStatus, startService } from './service-driver.ts';

let driver: TopologyDriver;
afterEach(() => driver.close());

const sent: { readonly key: string; readonly email: Email }[] = [];
async function start(handler?: CallHandler): Promise<void> {
  sent.length = 0;
  const take: CallHandler = async (request, context) => {
    const reply = (await handler?.(request, context)) ?? { state: 'SENT', answer: '250 ok' };
    sent.push({ key: context.idempotencyKey, email: request as Email });
    return reply;
  };
  driver = await startService('notifications', { calls: { email: take } });
}

const place = (id = 'o1') => driver.pipe('placed', { key: id, value: orderPlaced(id) });
const say = (state: State, id = 'o1') =>
  driver.pipe('status', { key: id, value: orderStatus(id, state) });
async function mails(): Promise<string[]> {
  const records = await driver.all('mails');
  return records.map(({ value }) => `${(value as Mail).state} ${(value as Mail).outcome}`);
}

describe('notifications', () => {
  test('confirms a paid order to its customer', async () => {
    await start();
    await place();
    await say('PAID');
    expect(sent).toEqual([
      {
        key: 'mail-o1-PAID',
        email: {
          to: 'customer-c1@shop.example',
          subject: 'Your order o1 is confirmed',
          text: 'Dear customer,\n\nthank you for your order o1. We have received your payment of 15.50 USD,\nand your goods are being put together.\n\nYour shop\n',
        },
      },
    ]);
    expect(await mails()).toEqual(['PAID SENT']);
  });

  test('waits for the placement when the status comes first', async () => {
    await start();
    await say('PAID');
    expect(sent).toEqual([]);
    await place();
    expect(sent.map(({ key }) => key)).toEqual(['mail-o1-PAID']);
  });

  test.each(['REJECTED', 'OUT_OF_STOCK', 'PAYMENT_DECLINED'] as const)(
    'brings the bad news of %s',
    async (state) => {
      await start();
      await place();
      await say(state);
      expect(sent.map(({ key }) => key)).toEqual([`mail-o1-${state}`]);
    },
  );

  test('writes again when an unknown payment becomes known, and never goes back', async () => {
    await start();
    await place();
    for (const state of [
      'PAYMENT_UNKNOWN',
      'PAID',
      'PAYMENT_UNKNOWN',
      'PAYMENT_DECLINED',
    ] as const) {
      await say(state);
    }
    expect(sent.map(({ key }) => key)).toEqual(['mail-o1-PAYMENT_UNKNOWN', 'mail-o1-PAID']);
  });

  test('sends one letter when placement and status repeat', async () => {
    await start();
    for (let i = 0; i < 3; i++) {
      await place();
      await say('PAID');
    }
    expect(sent).toHaveLength(1);
  });

  test('notes a letter that the server refuses', async () => {
    await start(() => Promise.resolve({ state: 'REFUSED', answer: '550 no such mailbox' }));
    await place();
    await say('PAID');
    expect(await mails()).toEqual(['PAID REFUSED']);
  });

  test('sends again under the same key when the connection broke, and when there was none', async () => {
    const failures = [
      new CallFailure('unavailable', 'gone'),
      new CallFailure('not-sent', 'not there'),
      new CallFailure('timeout', 'silence'),
    ];
    const keys: string[] = [];
    await start((_request, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      const failure = failures.pop();
      return failure === undefined
        ? Promise.resolve({ state: 'SENT', answer: '' })
        : Promise.reject(failure);
    });
    await place();
    await say('PAID');
    await driver.advance('5m');
    expect(keys).toEqual(['mail-o1-PAID', 'mail-o1-PAID', 'mail-o1-PAID', 'mail-o1-PAID']);
    expect(await mails()).toEqual(['PAID SENT']);
  });
});
