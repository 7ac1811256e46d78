import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { expect, test } from 'vitest';
import { type Application, startApplication } from '../../runtime/app/application.ts';
import { readPage } from '../docs/pages.ts';
import { Workspace } from '../docs/workspace.ts';
import { projects } from '../runtime/cli/project.ts';
import { eventually } from './eventually.ts';
import { requireKafka, requireRegistry, uniqueName } from './harness/require.ts';
import { kafkaJs } from './kafkajs-client.ts';

const kafka = requireKafka();
const registry = requireRegistry();
const path = 'docs/schema-evolution.md';

/** As long as "orders": what `check` says of columns stays true. */
const name = `o${randomBytes(3).toString('hex').slice(1)}`;

/** A till of another make: the clients that most Node programs have. */
const till = (): string => `import { readFileSync } from 'node:fs';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { Kafka, logLevel } from 'kafkajs';

// KafkaJS gives a timer a time that is over, which Node warns of.
process.removeAllListeners('warning');
const [release, ...orders] = process.argv.slice(2);
const topic = '${name}.placed';
const registry = new SchemaRegistry({ host: '${registry().url}' });
const schema = JSON.stringify(JSON.parse(readFileSync(release + '/schemas/order-placed.avsc', 'utf8')));
const { id } = await registry.register(
  { type: SchemaType.AVRO, schema },
  { subject: topic + '-value' },
);
const kafka = new Kafka({ brokers: ${JSON.stringify(kafka().brokers)}, logLevel: logLevel.NOTHING });
const admin = kafka.admin();
await admin.connect();
await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
await admin.disconnect();
const producer = kafka.producer();
await producer.connect();
for (const order of orders.map((text) => JSON.parse(text))) {
  const value = await registry.encode(id, order);
  await producer.send({ topic, messages: [{ key: order.customerId, value }] });
}
await producer.disconnect();
`;

/** The page as it is with Kafka, a real registry and names that nobody else uses. */
function pageOnKafka(): string {
  return readPage(path)
    .replace(
      /(<!-- file: till\.ts -->\n\n```ts\n)[\s\S]*?```/,
      (_, head: string) => `${head}${till()}\`\`\``,
    )
    .replaceAll(/\borders\.(?=placed|best|bills)/g, `${name}.`)
    .replaceAll(/\bapplication(: | ")(?=(?:shop|billing|bridge)\b)/g, `application$1${name}-`)
    .replaceAll(/\(id \d+\)/g, '(id …)')
    .replaceAll(/^(\S+ +\d+) +\d+(?= {2}registered$)/gm, '$1 …');
}

test(
  'the guided evolution holds on Kafka and a real registry, with tills of another make',
  { timeout: 300_000 },
  async () => {
    const workspace = new Workspace('project');
    try {
      const brokers = JSON.stringify(kafka().brokers);
      writeFileSync(
        join(workspace.folder, 'millrace.yaml'),
        `log: kafka\nkafka: { brokers: ${brokers} }\nregistry: { url: '${registry().url}' }\n`,
      );
      expect(await workspace.follow(pageOnKafka(), path)).toBeGreaterThan(40);
    } finally {
      workspace.remove();
    }
  },
);

const order = {
  type: 'record',
  name: 'shop.OrderPlaced',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'cents', type: 'long' },
  ],
} as const;
const channel = { type: 'enum', name: 'shop.Channel', symbols: ['OTHER', 'WEB'], default: 'OTHER' };
/** The schema of each release, as the tills of that release know it, too. */
const releases = {
  v1: JSON.stringify(order),
  v2: JSON.stringify({
    ...order,
    fields: [...order.fields, { name: 'channel', type: channel, default: 'OTHER' }],
  }),
} as const;
type Release = keyof typeof releases;

const customers = Array.from({ length: 12 }, (_, i) => `customer-${i}`);

/** An application that sums up the orders of each customer, in both releases, and what writes and runs it. */
class Sums {
  readonly name = uniqueName('sums');
  private readonly running: Application[] = [];
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    const text = `application: ${this.name}
schemas: schemas
streams:
  placed: { topic: ${this.name}.placed, key: string, value: shop.OrderPlaced, partitions: 4 }
stages:
  sum:
    from: placed
    group-by-key: true
    reduce:
      add: { as: shop.OrderPlaced, set: { orderId: value.orderId, cents: aggregate.cents + value.cents } }
    drop: [out]
`;
    for (const [release, schema] of Object.entries(releases)) {
      mkdirSync(join(folder, release, 'schemas'), { recursive: true });
      writeFileSync(join(folder, release, 'sums.yaml'), text);
      writeFileSync(join(folder, release, 'schemas/order-placed.avsc'), schema);
    }
  }

  /** Starts one more member; resolves when it has tasks. */
  async member(release: Release): Promise<Application> {
    const application = await startApplication({
      topology: join(this.folder, release, 'sums.yaml'),
      data: join(this.folder, `data-${this.running.length}`),
      kafka: { brokers: kafka().brokers },
      registry: { url: { url: registry().url } },
      queries: { port: 0 },
    });
    this.running.push(application);
    await eventually(
      'it has tasks, and all their state',
      async () => (application.tasks.length > 0 && application.restoring.length === 0) || undefined,
      60_000,
    );
    return application;
  }

  /** Ids of the schemas of both releases, as the tills' own client gets them. */
  private async registered(): Promise<{
    readonly confluent: SchemaRegistry;
    readonly ids: Readonly<Record<Release, number>>;
  }> {
    const confluent = new SchemaRegistry({ host: registry().url });
    const register = async (release: Release): Promise<number> => {
      const schema = { type: SchemaType.AVRO, schema: releases[release] } as const;
      const subject = `${this.name}.placed-value`;
      return (await confluent.register(schema, { subject })).id;
    };
    return { confluent, ids: { v1: await register('v1'), v2: await register('v2') } };
  }

  /** Writes orders of one cent, so many for each customer, with a till of a release. */
  async sell(release: Release, each: number): Promise<void> {
    const { confluent, ids } = await this.registered();
    const topic = `${this.name}.placed`;
    const producer = kafkaJs(kafka().brokers).producer();
    await producer.connect();
    for (let i = 0; i < each; i++) {
      const value = await confluent.encode(ids[release], {
        orderId: `${i}`,
        cents: 1,
        channel: 'WEB',
      });
      await producer.send({ topic, messages: customers.map((key) => ({ key, value })) });
    }
    await producer.disconnect();
  }

  /** Waits until a member finds this sum for each customer, on whichever member it is. */
  async expectSums(member: Application, sum: number): Promise<void> {
    const query = await member.query('sum');
    let seen: readonly number[] = [];
    await eventually(
      `each sum is ${sum}`,
      async () => {
        // Members that come and go answer for nothing for a moment.
        const answer = await query.range().catch(() => undefined);
        if (answer === undefined) return undefined;
        seen = answer.rows.map(({ value }) => (value as { readonly cents: number }).cents);
        return (seen.length === customers.length && seen.every((it) => it === sum)) || undefined;
      },
      60_000,
    ).catch(() => {});
    expect(seen).toEqual(customers.map(() => sum));
  }

  async close(): Promise<void> {
    for (const application of this.running) await application.close();
  }
}

const project = projects();

test(
  'old and new members of a group share the work of old and new tills, and each goes on with the state of the other',
  { timeout: 300_000 },
  async () => {
    const sums = new Sums(project({}));
    try {
      const old = await sums.member('v1');
      await sums.sell('v1', 2);
      const newer = await sums.member('v2');
      await Promise.all([sums.sell('v1', 10), sums.sell('v2', 10)]);
      await sums.expectSums(old, 22);
      expect(newer.tasks.length).toBeGreaterThan(0);
      await newer.close();
      await Promise.all([sums.sell('v1', 5), sums.sell('v2', 5)]);
      await sums.expectSums(old, 32);
      const last = await sums.member('v2');
      await old.close();
      await sums.sell('v1', 5);
      await sums.expectSums(last, 37);
    } finally {
      await sums.close();
    }
  },
);
