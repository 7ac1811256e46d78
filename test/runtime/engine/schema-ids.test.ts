import { describe, expect, test } from 'vitest';
import { MemoryStateBackend } from '../../../runtime/state/memory-backend.ts';
import type { PlainRecord } from '../codec/records.ts';
import { newProgress } from '../../../runtime/calls/call-progress.ts';
import { IntentCodec } from '../../../runtime/calls/intent-codec.ts';
import { keepHeader } from '../../../runtime/state/row-format.ts';
import { journalKey } from '../../../runtime/task/call-journals.ts';
import { avroSerde, loadCatalog, stringSerde } from '../../../schemas/index.ts';
import { StreamRecord } from '../../../topology/core/record.ts';
import { errorHeaders } from '../topology.ts';
import { EngineBench } from './bench.ts';

const topology = `
application: ids
streams:
  numbers: { topic: numbers, key: string, value: long, partitions: 1, cleanup: compact }
  results: { topic: results, key: string, value: string, format: string, partitions: 1 }
stages:
  texts: { from: numbers, map-values: string(value), to: results }
errors: { default: { dead-letter: ids.dead-letters } }
`;

const table = `
application: rows
streams:
  asked:   { topic: asked, key: string, value: string, format: string, partitions: 1, cleanup: compact }
  results: { topic: results, key: string, value: long, partitions: 1 }
tables:
  numbers: { topic: numbers, key: string, value: long, partitions: 1, cleanup: compact }
stages:
  look-up: { from: asked, join: { with: numbers, expr: right }, to: results }
`;

/** An Avro int of one byte under a schema id: an int is read as a long. */
function avro(key: string, schemaId: number, value: number): PlainRecord {
  const bytes = Buffer.from([0, 0, 0, 0, schemaId, value * 2]);
  return { time: 1, key: Buffer.from(key), value: bytes, headers: [] };
}

async function texts(bench: EngineBench): Promise<readonly string[]> {
  return (await bench.read('results')).map(({ value }) => String(value));
}

describe('a schema id that was not seen yet', () => {
  test('is asked for once before the batch, and its records are read', async () => {
    const bench = new EngineBench(topology);
    const id = await bench.registry.register('numbers-value', '"int"');
    await bench.append('numbers', avro('a', id, 1), avro('a', id, 2), avro('b', id, 3));
    await bench.start();
    bench.registry.asked.length = 0;
    await bench.settle();
    expect(await texts(bench)).toEqual(['1', '2', '3']);
    expect(bench.registry.asked.filter((it) => it === id).length).toBeLessThanOrEqual(1);
  });

  test('makes the task wait while the registry is down, and fails no record', async () => {
    const bench = new EngineBench(topology);
    await bench.start();
    const id = await bench.registry.register('others', '"int"');
    bench.registry.down = true;
    await bench.append('numbers', avro('a', id, 1));
    await bench.settle();
    bench.clock.advanceTo(1000);
    await bench.settle();
    expect(bench.registry.asked.slice(-2)).toEqual([id, id]);
    expect([await texts(bench), await bench.read('ids.dead-letters')]).toEqual([[], []]);
    bench.registry.down = false;
    bench.clock.advanceTo(2000);
    await bench.settle();
    expect(await texts(bench)).toEqual(['1']);
  });

  test('sends the record to the dead letters where the registry does not know it', async () => {
    const bench = new EngineBench(topology);
    await bench.start();
    const id = await bench.registry.register('others', '"int"');
    await bench.append('numbers', avro('a', id, 1), avro('b', 99, 2), avro('c', id, 3));
    await bench.settle();
    expect(await texts(bench)).toEqual(['1', '3']);
    const [letter] = await bench.read('ids.dead-letters');
    expect(letter?.value).toEqual(avro('b', 99, 2).value);
    expect(errorHeaders(letter as NonNullable<typeof letter>)).toMatchObject({
      exception: 'SerdeError[SCHEMA_UNKNOWN_ID]',
      stage: 'numbers',
      offset: '1',
    });
  });
});

describe('a schema id that the registry did not know', () => {
  test('is asked for again after a while, and then its records are read', async () => {
    const bench = new EngineBench(topology);
    await bench.start();
    const last = await bench.registry.register('others', '"int"');
    const next = last + 1;
    await bench.append('numbers', avro('a', next, 1), avro('b', next, 2));
    await bench.settle();
    bench.clock.advanceTo(9_999);
    await bench.append('numbers', avro('c', next, 3));
    await bench.settle();
    expect(bench.registry.asked.filter((id) => id === next)).toHaveLength(1);
    expect(await bench.read('ids.dead-letters')).toHaveLength(3);
    const registered = await bench.registry.register(
      'others',
      '{"type":"int","logicalType":"new"}',
    );
    expect(registered).toBe(next);
    bench.clock.advanceTo(10_000);
    await bench.append('numbers', avro('d', next, 4));
    await bench.settle();
    expect(await texts(bench)).toEqual(['4']);
    expect(await bench.read('ids.dead-letters')).toHaveLength(3);
  });
});

describe('a record whose schema is looked up', () => {
  test('holds back the other inputs of its task, and is not lost in a crash', async () => {
    const bench = new EngineBench(table);
    await bench.start();
    const id = await bench.registry.register('others', '"int"');
    bench.registry.down = true;
    await bench.append('numbers', avro('a', id, 1));
    await bench.settle();
    await bench.append('asked', {
      time: 2,
      key: Buffer.from('a'),
      value: Buffer.from('?'),
      headers: [],
    });
    await bench.settle();
    bench.registry.down = false;
    await bench.start();
    await bench.settle();
    expect((await bench.read('results')).map(({ value }) => value?.at(-1))).toEqual([2]);
  });
});

const globalTable = table
  .replace('cleanup: compact }\nstages', 'cleanup: compact, global: true }\nstages')
  .replace('with: numbers,', 'with: numbers, on: key,');

/** A bench whose global table has rows, of a schema that nobody can be asked about. */
async function unreadable(): Promise<{ bench: EngineBench; id: number }> {
  const bench = new EngineBench(globalTable);
  const id = await bench.registry.register('others', '"int"');
  await bench.append('numbers', avro('a', id, 1), avro('b', id, 3));
  bench.registry.down = true;
  return { bench, id };
}

describe('a global table whose rows wait for a schema at the start', () => {
  test('waits while the registry is down, says so once, and is whole then', async () => {
    const { bench, id } = await unreadable();
    const started = bench.start();
    await bench.settle();
    bench.clock.advanceTo(1000);
    await bench.settle();
    expect(bench.registry.asked.filter((it) => it === id)).toHaveLength(2);
    bench.registry.down = false;
    bench.clock.advanceTo(2000);
    await started;
    expect(bench.reports).toEqual([
      `partitions wait for schema ${id}: connection refused. It is asked again until it answers`,
      'the schema registry answers again',
    ]);
    const value = Buffer.from('?');
    await bench.append('asked', { time: 2, key: Buffer.from('b'), value, headers: [] });
    await bench.settle();
    expect((await bench.read('results')).map((it) => it.value?.at(-1))).toEqual([6]);
  });

  test('waits no longer when the engine ends', async () => {
    const { bench, id } = await unreadable();
    const started = bench.start().catch(() => 'ended');
    await bench.settle();
    bench.assembled?.engine.kill();
    expect(await started).toBe('ended');
    bench.registry.down = false;
    bench.clock.advanceTo(5000);
    await bench.settle();
    expect(bench.registry.asked.filter((it) => it === id)).toHaveLength(1);
  });
});

describe('a row of a global table whose schema is looked up', () => {
  test('waits while the registry is down, and then comes through', async () => {
    const bench = new EngineBench(globalTable);
    await bench.start();
    const id = await bench.registry.register('others', '"int"');
    bench.registry.down = true;
    await bench.append('numbers', avro('a', id, 1), avro('b', id, 3));
    await bench.settle();
    bench.registry.down = false;
    bench.clock.advanceTo(1000);
    await bench.settle();
    const value = Buffer.from('?');
    await bench.append('asked', { time: 2, key: Buffer.from('b'), value, headers: [] });
    await bench.settle();
    expect((await bench.read('results')).map((it) => it.value?.at(-1))).toEqual([6]);
  });
});

describe('a table whose rows were written under another schema', () => {
  test('is restored whole on a fresh disk', async () => {
    const bench = new EngineBench(table);
    const id = await bench.registry.register('others', '"int"');
    await bench.append('numbers', avro('a', id, 1), avro('b', id, 2));
    await bench.start();
    await bench.settle();
    bench.state = new MemoryStateBackend();
    await bench.start();
    await bench.append('asked', {
      time: 2,
      key: Buffer.from('b'),
      value: Buffer.from('?'),
      headers: [],
    });
    await bench.settle();
    expect((await bench.read('results')).map(({ value }) => value?.at(-1))).toEqual([4]);
  });
});

const totals = `
application: totals
streams:
  asked:   { topic: asked, key: string, value: string, format: string, partitions: 1, cleanup: compact }
  results: { topic: results, key: string, value: shop.Total, format: json, partitions: 1 }
tables:
  totals: { topic: totals, key: string, value: shop.Total, partitions: 1 }
stages:
  look-up: { from: asked, join: { with: totals, expr: right }, to: results }
`;

const first = `{ "type": "record", "name": "shop.Total", "fields": [ { "name": "cents", "type": "int" } ] }`;
const second = `{ "type": "record", "name": "shop.Total", "fields": [
  { "name": "cents", "type": "int" }, { "name": "orders", "type": "int", "default": 7 } ] }`;

describe('a row of a store that an older schema wrote', () => {
  test('is read as the present schema has it', async () => {
    const bench = new EngineBench(totals, first);
    await bench.start();
    const [[, id] = []] = await bench.registry.versions('totals-totals-changelog-value');
    await bench.registry.register('totals-value', first);
    await bench.append('totals', avro('a', id as number, 5));
    await bench.settle();
    bench.redefine(totals, second);
    await bench.start();
    await bench.append('asked', {
      time: 2,
      key: Buffer.from('a'),
      value: Buffer.from('?'),
      headers: [],
    });
    await bench.settle();
    expect(await texts(bench)).toEqual(['{"cents":5,"orders":7}']);
  });
});

describe('a journaled call that a member with another schema wrote', () => {
  const calling = `
application: pay
streams:
  orders: { topic: orders, key: string, value: long, partitions: 1 }
  paid:   { topic: paid, key: string, value: long, partitions: 1 }
calls:
  payments: { request: pay.Request, reply: pay.Reply, effect: { idempotent: { window: 24h } } }
stages:
  charge:
    from: orders
    call: payments
    request: { cents: value }
    idempotency-key: key
    timeout: 1s
    outcomes: { match: reply.state, OK: { out: done }, unknown: { out: unclear } }
  send: { from: charge.done, to: paid }
  send-unclear: { from: charge.unclear, to: paid }
`;
  const request =
    '{"type":"record","name":"pay.Request","fields":[{"name":"cents","type":"long"}]}';

  const reply =
    '{"type":"record","name":"pay.Reply","fields":[{"name":"state","type":{"type":"enum","name":"State","symbols":["OK"]}}]}';

  test('is taken over once its schemas are at hand', async () => {
    const bench = new EngineBench(calling, request, reply);
    const asked: unknown[] = [];
    bench.functions.set('payments', async (it: unknown) => {
      asked.push(it);
      return { state: 'OK' };
    });
    const value = await bench.registry.register('elsewhere-a', '"int"');
    const other = request.replace('}]', '},{"name":"note","type":"string"}]');
    const body = await bench.registry.register('elsewhere-b', other);
    const { catalog } = loadCatalog([{ file: 'x.avsc', text: other }]);
    const resolver = { schemaText: () => undefined };
    const codec = new IntentCodec(
      stringSerde,
      avroSerde(catalog, 'int', { schemaId: value, resolver }),
      avroSerde(catalog, 'pay.Request', { schemaId: body, resolver }),
    );
    const row = codec.encode({
      record: new StreamRecord('o1', 5, 1, [], 'orders', 0, 0),
      request: { cents: 5, note: 'x' },
      idempotencyKey: 'o1',
      progress: newProgress(0),
    });
    const headers = [[keepHeader, Buffer.from([1])] as const];
    const record = { time: 1, key: journalKey(0), value: row, headers };
    await bench.append('pay-charge-journal-changelog', record);
    await bench.start();
    await bench.settle();
    expect(asked).toEqual([{ cents: 5 }]);
    expect((await bench.read('paid')).map(({ key }) => String(key))).toEqual(['o1']);
  });
});
