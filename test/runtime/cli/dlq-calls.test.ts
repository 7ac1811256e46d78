import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTopics, startApplication } from '../../../runtime/index.ts';
import { lineLogger } from '../../../runtime/logger.ts';
import { runToEnd } from './dlq.ts';
import { inProcess } from './in-process.ts';
import { projects } from './project.ts';

const project = projects();

/** Orders are charged once at a bank that writes down the keys that it is asked with; what follows breaks on the reply. */
const files: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }\n',
  'asked.txt': '',
  'words.yaml': `application: pay
processors: processors
schemas: schemas
streams:
  orders: { topic: orders, key: string, value: pay.Request, partitions: 2 }
  paid:   { topic: paid, key: string, value: pay.Request, partitions: 2 }
calls:
  bank: { request: pay.Request, reply: pay.Reply }
stages:
  once: { from: orders, dedupe: { by: key, retention: 1d }, out: [first] }
  charge:
    from: once.first
    call: bank
    request: { order: value.order, cents: value.cents }
    idempotency-key: '"charge-" + value.order'
    timeout: 1s
    retry: { attempts: 1 }
    outcomes:
      match: reply.state
      APPROVED: { out: approved }
      unknown: { park: 1h, times: 3, then: undecided }
    drop: [undecided]
  note: { from: charge.approved, map-values: { use: note, as: pay.Request }, to: paid }
`,
  'schemas/request.avsc': `{ "type": "record", "name": "pay.Request", "fields": [
    { "name": "order", "type": "string" }, { "name": "cents", "type": "long" } ] }\n`,
  'schemas/reply.avsc': `{ "type": "record", "name": "pay.Reply", "fields": [ { "name": "state",
    "type": { "type": "enum", "name": "pay.State", "symbols": ["APPROVED"] } } ] }\n`,
  'processors/bank.ts': `import { appendFileSync } from 'node:fs';
export async function bank(request: unknown, { idempotencyKey }: { idempotencyKey: string }) {
  appendFileSync(new URL('../asked.txt', import.meta.url), idempotencyKey + '\\n');
  return { state: 'APPROVED' };
}
`,
  'processors/note.ts': `export function note(): never { throw new Error('broken'); }\n`,
  'processors/note-on.ts': `export function noteOn(value: unknown): unknown { return value; }\n`,
};

describe('dead letters of replies', () => {
  test('are asked again with their idempotency key, once, past the stages before the call', async () => {
    const cwd = project(files);
    const yaml = join(cwd, 'words.yaml');
    const place = [yaml, '--data', join(cwd, 'data')];
    const dlq = (command: string, ...more: readonly string[]) =>
      inProcess('dlq', command, ...place, ...more);
    await runToEnd(cwd);
    const topics = await openTopics({ topology: yaml, data: join(cwd, 'data') });
    await topics.send('orders', { key: 'o1', value: { order: 'o1', cents: 5 } });
    await runToEnd(cwd);
    const shown = JSON.parse((await dlq('show', '0/0')).stdout) as object;
    expect(shown).toMatchObject({
      stage: 'note',
      origin: 'reply',
      call: { stage: 'charge', idempotencyKey: 'charge-o1' },
      value: { order: 'o1', cents: 5 },
    });
    writeFileSync(yaml, (files['words.yaml'] as string).replace('use: note', 'use: note-on'));
    const running = await startApplication({
      topology: yaml,
      data: join(cwd, 'data'),
      logger: lineLogger(() => {}),
    });
    const refused = await dlq('redrive');
    expect([refused.code, refused.stderr]).toEqual([
      1,
      '0/0 stays: its call is asked again by a start of the application: stop "pay", and redrive again\n' +
        '0 sent on, 1 stay\n',
    ]);
    await running.close();
    expect((await dlq('redrive', '--dry-run')).stdout).toBe(
      '0/0  is asked again by stage "charge"\n',
    );
    expect((await dlq('redrive')).stderr).toBe('1 sent on, 0 stay\n');
    expect((await dlq('redrive')).stderr).toBe('0 sent on, 0 stay, 1 had been sent on before\n');
    await runToEnd(cwd);
    expect(await topics.read('paid')).toMatchObject([
      { key: 'o1', value: { order: 'o1', cents: 5 } },
    ]);
    expect(await topics.read('orders')).toHaveLength(1);
    await topics.close();
    expect(readFileSync(join(cwd, 'asked.txt'), 'utf8')).toBe('charge-o1\ncharge-o1\n');
    const calls = await inProcess('calls', 'list', ...place);
    expect(calls.stderr).toBe('no call is open\n');
  });
});
