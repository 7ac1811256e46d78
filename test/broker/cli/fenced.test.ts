import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../runtime/app/system-clock.ts';
import { openWire } from '../../../runtime/kafka/carrier/open-wire.ts';
import { TransactionCoordinator } from '../../../runtime/kafka/transactor/transaction-coordinator.ts';
import type { KafkaWire } from '../../../runtime/kafka/wire.ts';
import { eventually } from '../eventually.ts';
import { requireKafka, uniqueName } from '../harness/require.ts';
import { KafkaProject } from './kafka-project.ts';
import { Topics } from './topics.ts';

const kafka = requireKafka();
const patienceMs = 60_000;
let wire: KafkaWire;

beforeAll(async () => {
  wire = await openWire({ kafka: { brokers: kafka().brokers }, clock: systemClock });
});

afterAll(() => wire?.close());

/** Takes the transactional id, as an heir of the member does, or anybody else. */
async function fence(transactionalId: string): Promise<void> {
  const coordinator = new TransactionCoordinator({
    wire,
    clock: systemClock,
    transactionalId,
    transactionTimeoutMs: 60_000,
    requestTimeoutMs: 10_000,
  });
  await coordinator.init(patienceMs);
}

test('an application whose producer is fenced goes on, and gives each output once', async () => {
  const { brokers } = kafka();
  const words = new KafkaProject({ name: uniqueName('words'), brokers });
  const loud = `${words.name}-loud`;
  const topics = new Topics(brokers);
  const running = await words.service();
  const files = readdirSync(words.folder, { recursive: true }).map(String);
  const file = files.find((name) => name.endsWith('.slot')) ?? '';
  const transactionalId = `${words.name}-${readFileSync(join(words.folder, file), 'utf8').trim()}`;
  const said = ['one', 'two', 'three', 'four'];
  for (const [i, word] of said.entries()) {
    await Promise.all([topics.say(words, word), fence(transactionalId)]);
    await eventually(
      'it comes out',
      async () => (await words.values(loud)).length > i || undefined,
      patienceMs,
    );
    await fence(transactionalId);
  }
  running.process.kill('SIGTERM');
  const { code, stderr } = await running.ended;
  expect(code, stderr).toBe(0);
  expect(await words.values(loud)).toEqual(said.map((word) => `${word}!`).toSorted());
});
