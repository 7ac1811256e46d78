import { afterEach, describe, expect, test } from 'vitest';
import { CallFailure, type CallHandler } from '../../../processors/index.ts';
import { plain } from '../codec/records.ts';
import { Cluster } from '../engine/cluster.ts';

const schemas = [
  '{ "type": "record", "name": "mail.Reply", "fields": [ { "name": "state", "type": { "type": "enum", "name": "mail.State", "symbols": ["OK"] } } ] }',
  '{ "type": "record", "name": "mail.Request", "fields": [ { "name": "order", "type": "string" } ] }',
];

const mailing = `
application: mailing
streams:
  orders:  { topic: orders, key: string, value: string, format: string }
  mailed:  { topic: mailed, key: string, value: string, format: string }
  unclear: { topic: unclear, key: string, value: string, format: string }
calls:
  mails: { request: mail.Request, reply: mail.Reply, effect: at-most-once }
stages:
  mail:
    from: orders
    call: mails
    request: { order: key }
    idempotency-key: key
    timeout: 10s
    retry: { attempts: 1, backoff: 1m, max: 1m }
    concurrency: { limit: 20, order: per-key }
    outcomes:
      match: reply.state
      OK: { out: sent }
      unknown: { out: undecided }
  send-mailed:  { from: mail.sent, to: mailed }
  send-unclear: { from: mail.undecided, to: unclear }
`;

const keys = Array.from({ length: 16 }, (_, i) => `k${i}`);

/** A mail server that refuses connections until it is open, and then answers when the test says so. */
class MailServer {
  open = false;
  readonly asked: string[] = [];
  readonly answers: (() => void)[] = [];

  readonly handler: CallHandler = (_request, { idempotencyKey }) => {
    if (!this.open) throw new CallFailure('not-sent', 'connection refused');
    this.asked.push(idempotencyKey);
    return new Promise((resolve) => {
      this.answers.push(() => resolve({ state: 'OK' }));
    });
  };

  answer(): void {
    for (const answer of this.answers.splice(0)) answer();
  }
}

describe('an at-most-once call of a member that', () => {
  let cluster: Cluster;

  afterEach(() => cluster.close());

  const texts = async (topic: string): Promise<string[]> =>
    (await cluster.read(topic)).map(({ key }) => String(key)).sort();

  test.each(['stops', 'gives its tasks up'])(
    '%s is made by the next one, where it could not be sent',
    async (how) => {
      const server = new MailServer();
      cluster = new Cluster(mailing, { calls: { mails: server.handler }, schemas });
      await cluster.start('a');
      await cluster.send('orders', ...keys.map((key) => plain(key, 'x', 1)));
      await cluster.settle();
      if (how === 'stops') await cluster.stop('a');
      server.open = true;
      await cluster.start('b');
      if (how !== 'stops') await cluster.stop('a');
      await cluster.settle();
      expect(server.asked.toSorted()).toEqual(keys.toSorted());
      server.answer();
      await cluster.settle();
      expect(await texts('mailed')).toEqual(keys.toSorted());
      expect(await texts('unclear')).toEqual([]);
    },
  );

  test('stops is made by the next one, where its mark was not committed yet', async () => {
    const server = new MailServer();
    cluster = new Cluster(mailing, { calls: { mails: server.handler }, schemas });
    server.open = true;
    await cluster.start('a');
    await cluster.send('orders', ...keys.map((key) => plain(key, 'x', 1)));
    for (let turns = 0; cluster.engine('a').calls.outstanding === 0; turns++) {
      if (turns > 100) throw new Error('no call was issued');
      await cluster.turn();
    }
    await cluster.stop('a');
    const cutOff = server.asked.splice(0);
    await cluster.start('a');
    await cluster.settle();
    server.answer();
    await cluster.settle();
    expect(cutOff).toEqual([]);
    expect(await texts('mailed')).toEqual(keys.toSorted());
  });

  test('stops ends with the reply that had come', async () => {
    const server = new MailServer();
    cluster = new Cluster(mailing, { calls: { mails: server.handler }, schemas });
    server.open = true;
    const engine = await cluster.start('a');
    await cluster.send('orders', ...keys.map((key) => plain(key, 'x', 1)));
    await cluster.settle();
    server.answer();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    await engine.close();
    await cluster.stop('a');
    await cluster.start('a');
    await cluster.settle();
    expect(await texts('mailed')).toEqual(keys.toSorted());
    expect(server.asked).toHaveLength(16);
  });

  test('stops waits for requests under way, and begins no other', async () => {
    const server = new MailServer();
    cluster = new Cluster(mailing.replace('limit: 20', 'limit: 10'), {
      calls: { mails: server.handler },
      schemas,
      options: { 'call-grace': '5s' },
    });
    server.open = true;
    const engine = await cluster.start('a');
    await cluster.send('orders', ...keys.map((key) => plain(key, 'x', 1)));
    await cluster.settle();
    const closed = engine.close();
    await turns();
    server.answer();
    await closed;
    expect(server.asked).toHaveLength(10);
    await cluster.stop('a');
    await cluster.start('a');
    await cluster.settle();
    server.answer();
    await cluster.settle();
    expect(await texts('mailed')).toEqual(keys.toSorted());
    expect(await texts('unclear')).toEqual([]);
  });

  test('stops waits no longer than call-grace', async () => {
    const server = new MailServer();
    cluster = new Cluster(mailing, {
      calls: { mails: server.handler },
      schemas,
      options: { 'call-grace': '5s' },
    });
    server.open = true;
    const engine = await cluster.start('a');
    await cluster.send('orders', plain('k0', 'x', 1));
    await cluster.settle();
    let over = false;
    const closed = engine.close().then(() => (over = true));
    cluster.clock.advanceTo(cluster.clock.now() + 4999);
    await turns();
    expect(over).toBe(false);
    cluster.clock.advanceTo(cluster.clock.now() + 1);
    await closed;
    await cluster.stop('a');
    await cluster.start('a');
    await cluster.settle();
    expect(await texts('unclear')).toEqual(['k0']);
  });
});

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
