import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openState } from '../../../runtime/cli/calls/open-call.ts';
import { type Application, openTopics, startApplication } from '../../../runtime/index.ts';
import { lineLogger } from '../../../runtime/logger.ts';
import { inProcess } from './in-process.ts';
import { projects, withDataFolder } from './project.ts';

const project = projects();

/** Orders are charged at a service that is busy: the first attempt parks the call for an hour. */
const files: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }\n',
  'pay.yaml': `application: pay
processors: processors
schemas: schemas
streams:
  orders:  { topic: orders, key: string, value: pay.Request, partitions: 1 }
  paid:    { topic: paid, key: string, value: pay.Request, partitions: 1 }
  unclear: { topic: unclear, key: string, value: pay.Request, partitions: 1 }
calls:
  bank: { request: pay.Request, reply: pay.Reply }
stages:
  charge:
    from: orders
    call: bank
    request: { order: value.order, cents: value.cents }
    idempotency-key: '"charge-" + value.order'
    timeout: 1s
    retry: { attempts: 1 }
    outcomes:
      match: reply.state
      APPROVED: { out: approved }
      unknown: { park: 1h, times: 3, then: undecided }
  send-paid:    { from: charge.approved, to: paid }
  send-unclear: { from: charge.undecided, to: unclear }
`,
  'schemas/request.avsc': `{ "type": "record", "name": "pay.Request", "fields": [
    { "name": "order", "type": "string" }, { "name": "cents", "type": "long" } ] }\n`,
  'schemas/reply.avsc': `{ "type": "record", "name": "pay.Reply", "fields": [ { "name": "state",
    "type": { "type": "enum", "name": "pay.State", "symbols": ["APPROVED"] } } ] }\n`,
  'processors/bank.ts': `export async function bank() {
  throw new Error('busy');
}
`,
};

async function start(cwd: string): Promise<Application> {
  const logger = lineLogger(() => {});
  return startApplication({ topology: join(cwd, 'pay.yaml'), data: join(cwd, 'data'), logger });
}

/** A project with one parked call, its application stopped. */
async function parked(): Promise<{ cwd: string; args: readonly string[] }> {
  const cwd = project(files);
  const application = await start(cwd);
  const topics = await openTopics({ topology: join(cwd, 'pay.yaml'), data: join(cwd, 'data') });
  await topics.send('orders', { key: 'o1', value: { order: 'o1', cents: 500 } });
  await topics.close();
  await expect.poll(() => application.callStatus()[0]?.parked, { timeout: 10_000 }).toBe(1);
  await expect.poll(() => application.commits, { timeout: 10_000 }).toBeGreaterThan(1);
  await application.close();
  return { cwd, args: [join(cwd, 'pay.yaml'), '--data', join(cwd, 'data')] };
}

describe('the state of an open call', () => {
  test.each([
    [undefined, 'open'],
    [1999, 'open'],
    [2000, 'open'],
    [2001, 'parked'],
    [Infinity, 'held'],
  ])('whose pause ends at %s ms is at 2000 ms %s', (parkedUntilMs, state) => {
    expect(openState(parkedUntilMs, 2000)).toBe(state);
  });
});

describe('calls', () => {
  test('lists what is parked, and shows it', async () => {
    const { args } = await parked();
    const { code, stdout } = await inProcess('calls', 'list', ...args);
    expect(code).toBe(0);
    expect(stdout.replaceAll(/\d{4}-[\d-]+T[\d:.]+Z/g, 'TIME')).toBe(
      'call        state   idempotency key  attempts  since                     until                     reason\n' +
        'charge/0/0  parked  charge-o1               1  TIME  TIME  the handler broke: busy\n',
    );
    const shown = await inProcess('calls', 'show', ...args, 'charge-o1');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      open: [{ call: 'charge/0/0', state: 'parked', request: { order: 'o1', cents: 500 } }],
      ended: [],
    });
  });

  test('decides a call of an application that stands still, and takes it at the next start', async () => {
    const { cwd, args } = await parked();
    const reply = ['--reply', '{"state":"APPROVED"}', '--note', 'seen'];
    const said = await inProcess(
      'calls',
      'resolve',
      ...args,
      'charge-o1',
      ...reply,
      '--wait',
      '0s',
    );
    expect([said.code, said.stderr]).toEqual([
      0,
      'the decision about call "charge-o1" is written: it holds when the application runs\n',
    ]);
    const application = await start(cwd);
    await expect.poll(() => application.openCalls, { timeout: 10_000 }).toBe(0);
    await expect.poll(() => application.caughtUp(), { timeout: 10_000 }).toBe(true);
    await application.close();
    const shown = await inProcess('calls', 'show', ...args, 'charge/0/0');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      open: [],
      ended: [
        { outcome: 'reply', reply: { state: 'APPROVED' }, decidedBy: 'operator', note: 'seen' },
      ],
    });
    const again = await inProcess('calls', 'resolve', ...args, 'charge-o1', ...reply);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(
      /^call "charge-o1" had ended: reply, said by the operator at .*; nothing was changed\n$/,
    );
    await withDataFolder(join(cwd, 'data'), async (log) => {
      const [paid] = await log.ends([{ topic: 'paid', partition: 0 }]);
      expect(paid?.end).toBe(1);
    });
  });

  test('decides a call of an application that runs', async () => {
    const { cwd, args } = await parked();
    const application = await start(cwd);
    const said = await inProcess('calls', 'resolve', ...args, 'charge-o1', '--unknown', 'lost');
    expect([said.code, said.stderr]).toEqual([0, 'call "charge-o1" has ended as you decided\n']);
    await application.close();
  });

  test.each([
    [['charge-o7', '--unknown', 'x'], 'application "pay" has no call "charge-o7"'],
    [['charge-o1'], 'say --reply or --unknown, one of them'],
    [['charge-o1', '--unknown', ' '], 'say why in --unknown: it is empty'],
    [['charge-o1', '--reply', '{"state":7}'], '--reply is no pay.Reply: '],
    [['charge-o1', '--reply', '{'], '--reply is no pay.Reply: '],
    [
      ['charge-o1', '--reply', '{"state":"APPROVED","sate":1}'],
      '--reply has sate, which pay.Reply does not have: take it out, or mend its name',
    ],
  ])('refuses %j', async (more, message) => {
    const { args } = await parked();
    const { code, stderr } = await inProcess('calls', 'resolve', ...args, ...more);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
