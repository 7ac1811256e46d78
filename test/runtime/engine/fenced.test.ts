import { expect, test } from 'vitest';
import type { CallHandler } from '../../../processors/index.ts';
import { TopologyDriver } from '../../../runtime/testing/index.ts';
import { definitionOf } from '../topology.ts';

const schemas = [
  `{ "type": "record", "name": "ask.Request", "fields": [{ "name": "word", "type": "string" }] }`,
  `{ "type": "record", "name": "ask.Reply", "fields": [{ "name": "state",
    "type": { "type": "enum", "name": "ask.State", "symbols": ["DONE"] } }] }`,
].map((text, i) => ({ file: `${i}.avsc`, text }));

const definition = definitionOf(`
application: asking
streams:
  words:   { topic: words, key: string, value: string }
  answers: { topic: answers, key: string, value: string }
  beats:   { topic: beats, key: string, value: long }
calls:
  oracle: { request: ask.Request, reply: ask.Reply }
stages:
  said: { from: beats, group-by-key: true, count: {} }
  ask:
    from: words
    call: oracle
    request: { word: value }
    idempotency-key: key
    concurrency: { limit: 1, order: per-key }
    timeout: 1m
    outcomes:
      match: reply.state
      DONE: { out: done, map: value }
      unknown: { out: lost }
    drop: [lost]
  publish: { from: ask.done, to: answers }
`);

test('a member that a commit finds fenced has no task from then on, and issues no call (E6)', async () => {
  const asked: string[] = [];
  const answer = Promise.withResolvers<{ state: string }>();
  const oracle: CallHandler = (_, { idempotencyKey }) => {
    asked.push(idempotencyKey);
    return answer.promise;
  };
  const driver = await TopologyDriver.start({
    definition,
    schemas,
    calls: { oracle },
    partitions: 1,
  });
  await driver.pipe('beats', { key: 'a', value: 1 });
  await driver.send('words', { key: 'a', value: 'one' }, { key: 'b', value: 'two' });
  await driver.settle();
  expect([asked, driver.get('said', 'a')]).toEqual([['a'], 1]);

  await driver.log.transactor('driver');
  await driver.send('beats', { key: 'a', value: 1 });
  await expect(driver.settle()).rejects.toMatchObject({ code: 'FENCED' });
  expect([driver.openCalls, driver.controls(), driver.rows('said')]).toEqual([0, {}, []]);
  // There would be room for the next one now, whose intent was committed.
  answer.resolve({ state: 'DONE' });
  for (let i = 0; i < 5; i++) await new Promise(setImmediate);
  expect(asked).toEqual(['a']);
  await driver.close();
});
