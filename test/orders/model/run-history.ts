import type { CallHandler } from '../../../processors/call-handler.ts';
import type { CrashPoint } from '../../../runtime/engine/committer.ts';
import type { TopologyDriver } from '../../../runtime/testing/topology-driver.ts';
import type {
  Hold,
  OrderPaid,
  OrderStatus,
  Stock,
  StockKey,
} from '../../../schemas/orders/shop.ts';
import { startService } from '../services/service-driver.ts';
import type { Event } from './orders-events.ts';
import { OrdersModel } from './orders-model.ts';
import type { Answer, Books } from './orders-model.ts';

/** What a history left: in the order system, and in the model. */
export interface Outcome {
  readonly actual: Books;
  readonly expected: Books;
  /** Breaches seen on the way. */
  readonly breaches: readonly string[];
}

/** Lets a history happen to `orders.yaml`, in the driver, and to the model. */
export async function runHistory(
  events: readonly Event[],
  functions: Readonly<Record<string, unknown>> = {},
): Promise<Outcome> {
  const provider = new SlowProvider();
  const driver = await startService('orders', { calls: { payments: provider.handler }, functions });
  try {
    const run = new HistoryRun(driver, provider);
    for (const event of events) await run.happen(event);
    return await run.outcome();
  } finally {
    provider.end();
    await driver.close();
  }
}

/** Answers when it is told to, each key in the end with one answer; a request that a crash left behind is never answered. */
class SlowProvider {
  readonly breaches: string[] = [];
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  readonly #asked = new Map<string, string>();
  readonly #answers = new Map<string, Answer>();

  readonly handler: CallHandler = (request, { idempotencyKey: key }) => {
    const body = JSON.stringify(request);
    const before = this.#asked.get(key) ?? body;
    if (before !== body) this.breaches.push(`${key} asks for ${body} after ${before}`);
    this.#asked.set(key, before);
    const given = this.#answers.get(key);
    if (given !== undefined) return Promise.resolve(reply(given));
    return new Promise((resolve) => {
      this.#waiting.set(key, (answer) => resolve(reply(answer)));
    });
  };

  answer(orderId: string, answer: Answer): void {
    const key = `charge-${orderId}`;
    const tell = this.#waiting.get(key);
    if (tell === undefined) {
      this.breaches.push(`${key} waits for an answer, and was never sent`);
      return;
    }
    this.#answers.set(key, answer);
    this.#waiting.delete(key);
    tell(answer);
  }

  /** Lets go of what still waits. */
  end(): void {
    for (const tell of this.#waiting.values()) tell('NONSENSE');
  }
}

function reply(answer: Answer): unknown {
  return answer === 'NONSENSE' ? { perhaps: true } : { state: answer, chargeId: 'ch' };
}

class HistoryRun {
  readonly #driver: TopologyDriver;
  readonly #provider: SlowProvider;
  readonly #model = new OrdersModel();
  readonly #breaches: string[] = [];
  #crashes = 0;

  constructor(driver: TopologyDriver, provider: SlowProvider) {
    this.#driver = driver;
    this.#provider = provider;
  }

  async happen(event: Event): Promise<void> {
    const driver = this.#driver;
    const model = this.#model;
    switch (event.kind) {
      case 'place':
        model.place(event.order);
        await driver.pipe('placed', { key: event.order.orderId, value: event.order });
        break;
      case 'deliver': {
        const { kind: _, ...delivery } = event;
        model.deliver(delivery.id, delivery.storeId, delivery.productId, delivery.quantity);
        const value = { ...delivery, deliveredAt: 1000 };
        await driver.pipe('deliveries', { key: delivery.storeId, value });
        break;
      }
      case 'pick': {
        const { orderId, storeId } = event;
        model.pick(orderId, storeId);
        await driver.pipe('picked', { key: orderId, value: { orderId, storeId, pickedAt: 1000 } });
        break;
      }
      case 'answer': {
        const { charging } = model;
        const orderId = charging[event.turn % charging.length];
        if (orderId === undefined) return;
        model.answer(orderId, event.answer);
        this.#provider.answer(orderId, event.answer);
        await driver.settle();
        break;
      }
      case 'crash':
        await this.#crash(event.point, event.skip);
        break;
    }
    this.#checkStock(event);
  }

  async outcome(): Promise<Outcome> {
    const driver = this.#driver;
    const states = (await driver.all('status')).map(({ value }) => value as OrderStatus);
    const paid = (await driver.all('paid')).map(({ value }) => value as OrderPaid);
    const rows = driver.rows('stock').filter(({ value }) => (value as Stock).onHand !== 0);
    const actual: Books = {
      stock: rows.map(({ key, value }) => rowText(key as StockKey, value as Stock)).sort(),
      holds: driver
        .rows('holds')
        .map(({ key, value }) => `${key as string} ${(value as Hold).state}`)
        .sort(),
      states: states
        .filter(({ state }) => state !== 'PAYMENT_UNKNOWN')
        .map(({ orderId, state }) => `${orderId} ${state}`)
        .sort(),
      paid: paid.map(({ orderId, totalCents }) => `${orderId} ${totalCents}`).sort(),
      deadLetters: (await driver.all('orders.dead-letters')).length,
    };
    const breaches = [...this.#breaches, ...this.#provider.breaches];
    return { actual, expected: this.#model.books(), breaches };
  }

  /** One crash is armed at a time: the next start must not crash. */
  async #crash(point: CrashPoint | 'now', skip: number): Promise<void> {
    const driver = this.#driver;
    if (driver.crashes < this.#crashes) return;
    this.#crashes += 1;
    if (point === 'now') await driver.crash();
    else driver.crashAt(point, skip);
    await driver.settle();
  }

  #checkStock(event: Event): void {
    for (const { key, value } of this.#driver.rows('stock')) {
      const { onHand, held } = value as Stock;
      if (held >= 0 && held <= onHand) continue;
      this.#breaches.push(`${rowText(key as StockKey, value as Stock)} after ${event.kind}`);
    }
  }
}

function rowText({ storeId, productId }: StockKey, { onHand, held }: Stock): string {
  return `${storeId}/${productId} ${onHand} ${held}`;
}
