import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileBehaviour } from '../../../processors/orders/provider/behaviour.ts';
import { Ledger } from '../../../processors/orders/provider/ledger.ts';
import { createProvider } from '../../../processors/orders/provider/server.ts';
import { appendOnce } from '../../../runtime/app/append-once.ts';
import { startApplication } from '../../../runtime/app/application.ts';
import type { Application, ApplicationOptions, Ports } from '../../../runtime/app/application.ts';
import { runApplications } from '../../../runtime/app/runner/application-runner.ts';
import type { ApplicationRunner } from '../../../runtime/app/runner/application-runner.ts';
import type { Logger } from '../../../runtime/logger.ts';
import { RecordBatchBuilder } from '../../../runtime/codec/batch-builder.ts';
import { openBaskets } from '../../../runtime/orders/input-schemas.ts';
import { loadBaskets } from '../../../runtime/orders/loader.ts';
import { Picker } from '../../../runtime/orders/picker.ts';
import { loadProducts } from '../../../runtime/orders/products-loader.ts';
import { openShopSerdes, shopTopics } from '../../../runtime/orders/shop-serdes.ts';
import type { ShopSerdes } from '../../../runtime/orders/shop-serdes.ts';
import { TopicReader } from '../../../runtime/orders/topic-reader.ts';
import type { TopicSpec } from '../../../runtime/ports.ts';
import { startMailStand } from '../mail/mail-stand.ts';
import type { MailStand } from '../mail/mail-stand.ts';

const behaviour = {
  seed: 5,
  latencyMs: 1,
  declineRate: 0.2,
  cutRate: 0,
  outage: undefined,
  answers: 'by-key',
} as const;
const deadlineMs = 60_000;
const silent: Logger = { log: () => {} };
const seed = 1;

/** A service that runs beside `orders`. */
export interface ServiceSetup {
  readonly topology: string;
  readonly wrap?: (ports: Ports) => Ports;
}

/** The order system on an embedded log of its own, with a provider and a mail server in this process. What becomes of an order is a function of the order. */
export class OrderSystem {
  readonly mail: MailStand;
  readonly runners: ApplicationRunner[] = [];
  readonly #parts: SystemParts;
  #application: Application;
  #serdes: ShopSerdes;

  private constructor(application: Application, serdes: ShopSerdes, parts: SystemParts) {
    this.#application = application;
    this.#serdes = serdes;
    this.mail = parts.mail;
    this.#parts = parts;
  }

  /** Starts `orders` of a topology file, and loads what is sold. */
  static async start(
    topology: string,
    baskets: string,
    wrap?: (ports: Ports) => Ports,
  ): Promise<OrderSystem> {
    const folder = await mkdtemp(join(tmpdir(), 'system-'));
    const ledger = await Ledger.open(join(folder, 'ledger.jsonl'));
    const provider = createProvider({
      ledger,
      behaviour: compileBehaviour(behaviour),
      monotonic: () => performance.now(),
      identity: 'test',
      used: () => {},
    });
    await new Promise<void>((done) => provider.listen(0, '127.0.0.1', done));
    const mail = await startMailStand();
    process.env['PAYMENTS_URL'] = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    process.env['SMTP_URL'] = mail.url;
    const data = join(folder, 'data');
    const orders: Orders = {
      topology,
      data,
      sync: 'never',
      logger: silent,
      ...(wrap === undefined ? {} : { wrap }),
    };
    const application = await startApplication(orders);
    const serdes = await openShopSerdes(application.registry);
    await loadProducts(application.log, serdes, baskets);
    return new OrderSystem(application, serdes, { folder, orders, ledger, provider, mail });
  }

  /** `orders`, as it runs now. */
  get application(): Application {
    return this.#application;
  }

  /** The serdes of its registry. */
  get serdes(): ShopSerdes {
    return this.#serdes;
  }

  /** Stops `orders`, lets something happen without it, and starts it again. */
  async without(meanwhile: () => Promise<void>): Promise<void> {
    await this.#application.close();
    await meanwhile();
    this.#application = await startApplication(this.#parts.orders);
    this.#serdes = await openShopSerdes(this.#application.registry);
  }

  /** Starts services beside. Resolves when each has been started once. */
  async run(services: readonly ServiceSetup[]): Promise<ApplicationRunner> {
    const { data } = this.#parts.orders;
    const runner = runApplications(
      services.map((service) => ({ ...service, data, sync: 'never' as const })),
      { logger: silent, seed },
    );
    this.runners.push(runner);
    await runner.started;
    return runner;
  }

  /** Places the orders of a file of baskets; of the whole file only what is not placed yet. */
  async load(file: string): Promise<void> {
    const { log, plan } = this.application;
    const spec = (name: string): TopicSpec => plan.topics.get(name) as TopicSpec;
    const baskets = await openBaskets(file);
    try {
      await loadBaskets({
        log,
        serdes: this.serdes,
        baskets,
        topics: { placed: spec(shopTopics.placed), deliveries: spec(shopTopics.deliveries) },
        seed,
        shortShare: 0,
        signal: new AbortController().signal,
      });
    } finally {
      await baskets.close();
    }
  }

  /** Places bytes that a careless producer takes for an order. */
  async place(key: string, bytes: Buffer): Promise<void> {
    const builder = new RecordBatchBuilder();
    builder.appendPair(Date.now(), Buffer.from(key), bytes, []);
    await appendOnce(this.application.log, 'careless', {
      topic: shopTopics.placed,
      partition: 0,
      records: 1,
      batch: builder.finish(),
    });
  }

  /** Waits until `orders` and these services have nothing left to do. The people in the stores pick meanwhile. */
  async rest(names: readonly string[]): Promise<void> {
    const { log } = this.application;
    const picker = await Picker.open({ log, serdes: this.serdes, seed, share: 0.5 });
    try {
      const until = performance.now() + deadlineMs;
      for (let calm = 0; calm < 2;) {
        const picked = await picker?.poll();
        calm = picked !== true && (await this.#caughtUp(names)) ? calm + 1 : 0;
        if (this.application.failure !== undefined) throw this.application.failure;
        if (performance.now() > until) throw new Error(`${names.join(', ')} did not come to rest`);
        await sleep(20);
      }
    } finally {
      await picker?.close();
    }
  }

  /** Records of a topic, by key, in order: value without the id of its schema (who comes first registers first), and time. */
  async records(topic: string): Promise<ReadonlyMap<string, readonly string[]>> {
    const records = new Map<string, string[]>();
    await new TopicReader(this.application.log, topic).read((record) => {
      const key = String(record.key());
      const value = record.value()?.subarray(5).toString('hex') ?? 'null';
      const before = records.get(key) ?? [];
      records.set(key, [...before, `${value} at ${record.timestamp}`]);
    });
    return new Map([...records].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async close(): Promise<void> {
    const { ledger, provider, mail, folder } = this.#parts;
    for (const runner of this.runners) await runner.close();
    await this.application.close();
    provider.closeAllConnections();
    provider.close();
    await ledger.close();
    await mail.stop();
    await rm(folder, { recursive: true, maxRetries: 5 });
  }

  async #caughtUp(names: readonly string[]): Promise<boolean> {
    if (!(await this.application.caughtUp())) return false;
    for (const name of names) {
      const running = this.runners.map((runner) => runner.application(name));
      const found = running.find((it) => it !== undefined);
      if (found === undefined || !(await found.caughtUp())) return false;
    }
    return true;
  }
}

type Orders = ApplicationOptions & { readonly data: string };

interface SystemParts {
  readonly folder: string;
  readonly orders: Orders;
  readonly ledger: Ledger;
  readonly provider: Server;
  readonly mail: MailStand;
}
