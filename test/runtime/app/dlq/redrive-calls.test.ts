import { expect, test } from 'vitest';
import { LetterBook } from '../../../../runtime/app/dlq/letter-book.ts';
import { redrive } from '../../../../runtime/app/dlq/redrive.ts';
import type { ToolLog } from '../../../../runtime/app/tool-log.ts';
import { TopologyDriver } from '../../../../runtime/testing/index.ts';
import { ConfigError } from '../../../../topology/core/errors.ts';
import { definitionOf } from '../../topology.ts';

const definition = definitionOf(`
application: pay
streams:
  orders: { topic: orders, key: string, value: long }
  paid:   { topic: paid, key: string, value: long }
calls:
  bank: { request: pay.Request, reply: pay.Reply }
stages:
  charge:
    from: orders
    call: bank
    request: { order: key }
    idempotency-key: key
    timeout: 1s
    retry: { attempts: 1 }
    outcomes:
      match: reply.state
      APPROVED: { out: approved }
      unknown: { out: undecided }
  divide: { from: charge.approved, map-values: { expr: 10 / value } }
  send: { from: [divide, charge.undecided], to: paid }
errors: { default: { dead-letter: pay.dead-letters } }
`);
const schemas = [
  `{ "type": "record", "name": "pay.Request", "fields": [ { "name": "order", "type": "string" } ] }`,
  `{ "type": "record", "name": "pay.Reply", "fields": [ { "name": "state",
    "type": { "type": "enum", "name": "pay.State", "symbols": ["APPROVED"] } } ] }`,
].map((text, i) => ({ file: `${i}.avsc`, text }));

/** A tool on a log that holds nobody. The application is started after so many looks. */
function toolOn(driver: TopologyDriver, startedAfter: number): ToolLog {
  let looks = 0;
  return {
    log: driver.log,
    registry: driver.registry,
    stateOf: () => [],
    refuseRunning: async () => {
      if (looks++ >= startedAfter) throw new ConfigError('GROUP_ACTIVE', 'it runs');
    },
    hold: async () => ({ leave: async () => {} }),
    holds: false,
    close: async () => {},
  };
}

async function failed(asked: string[]): Promise<TopologyDriver> {
  const driver = await TopologyDriver.start({
    definition,
    schemas,
    calls: {
      bank: async (_, { idempotencyKey }) => {
        asked.push(idempotencyKey);
        return { state: 'APPROVED' };
      },
    },
  });
  await driver.pipe('orders', { key: 'zero', value: 0, time: 1 });
  return driver;
}

const options = {
  selected: () => true,
  rejected: false,
  unparked: false,
  named: false,
  dryRun: false,
};

test('a call that was put back is asked again when the application starts, with its key', async () => {
  const asked: string[] = [];
  const driver = await failed(asked);
  const book = new LetterBook(driver.plan, driver.log);
  const result = await redrive(toolOn(driver, Infinity), book, options);
  expect(result.steps).toMatchObject([{ kind: 'ask', stage: 'charge' }]);
  await driver.crash();
  await driver.settle();
  expect(asked).toEqual(['zero', 'zero']);
  // It fails as before, and can be put back once more.
  const again = await redrive(toolOn(driver, Infinity), book, options);
  expect(again).toMatchObject({ before: 1, steps: [{ kind: 'ask' }] });
  await driver.close();
});

test('an application that was started meanwhile is no secret', async () => {
  const driver = await failed([]);
  const book = new LetterBook(driver.plan, driver.log);
  await expect(redrive(toolOn(driver, 1), book, options)).rejects.toMatchObject({
    code: 'REDRIVE_STARTED',
  });
  const refused = await redrive(toolOn(driver, 0), book, options);
  expect(refused).toMatchObject({ before: 1, steps: [] });
  await driver.close();
});
