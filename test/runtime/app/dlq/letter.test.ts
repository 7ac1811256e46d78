import { describe, expect, test } from 'vitest';
import { LetterBook } from '../../../../runtime/app/dlq/letter-book.ts';
import { parseLetter, type StoredLetter } from '../../../../runtime/app/dlq/letter.ts';
import { appendOnce } from '../../../../runtime/app/append-once.ts';
import { RecordBatchBuilder } from '../../../../runtime/codec/batch-builder.ts';
import { MemoryLog } from '../../../../runtime/memory/memory-log.ts';
import { deadLetterHeaders } from '../../../../runtime/task/dead-letter.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';
import { SerdeError } from '../../../../topology/core/errors.ts';
import type { Header } from '../../../../topology/core/record.ts';
import { check } from '../../../../topology/graph/check.ts';
import type { Graph } from '../../../../topology/graph/graph.ts';
import { plan } from '../../../../topology/plan/planner.ts';
import { loadCatalog } from '../../../../schemas/index.ts';
import { oneStage } from '../../topology.ts';

const stored = (headers: readonly Header[]): StoredLetter => ({
  topic: 'dead',
  partition: 1,
  offset: 4,
  key: null,
  value: null,
  time: 9,
  headers,
});

const headers = (own: readonly Header[], application: string): readonly Header[] =>
  deadLetterHeaders(
    {
      raw: { key: null, value: Buffer.from([0, 0, 0, 0, 7]), headers: own, time: 9 },
      error: new SerdeError('SERDE_DECODE', 'no'),
      place: { taskId: 'a_2', stage: 'orders', topic: 'orders', partition: 2, offset: 11 },
      origin: 'record',
    },
    application,
    { key: false, value: true },
  );

describe('parseLetter', () => {
  test('reads what was written', () => {
    const own: readonly Header[] = [['trace', Buffer.from('t')]];
    expect(parseLetter(stored(headers(own, 'shop')))).toEqual({
      ...stored(own),
      id: 'dead/1/4',
      error: 'SerdeError',
      code: 'SERDE_DECODE',
      message: 'no',
      stage: 'orders',
      task: 'a_2',
      application: 'shop',
      origin: 'record',
      source: { topic: 'orders', partition: 2, offset: 11 },
      keySchemaId: undefined,
      schemaId: 7,
      call: undefined,
      parked: undefined,
    });
  });

  test('reads which failure of its key it is', () => {
    const parked: Header = ['__streams.errors.parked', Buffer.from('2/1700000000000')];
    const letter = parseLetter(stored([...headers([], 'shop'), parked]));
    expect(letter?.parked).toEqual({ attempt: 2, sinceMs: 1_700_000_000_000 });
  });

  test('takes the record of a dead letter that failed again as it was', () => {
    const inner = headers([], 'other');
    const letter = parseLetter(stored(headers(inner, 'shop')));
    expect([letter?.headers, letter?.application]).toEqual([inner, 'shop']);
  });

  test('reads letters of Kafka Streams, and of earlier versions, which say less', () => {
    const text = (name: string, value: string): Header => [
      `__streams.errors.${name}`,
      Buffer.from(value),
    ];
    const letter = parseLetter(
      stored([
        text('exception', 'java.lang.IllegalStateException'),
        text('message', 'no'),
        text('topic', 'orders'),
        text('partition', '0'),
        text('offset', '5'),
      ]),
    );
    expect(letter).toMatchObject({
      error: 'java.lang.IllegalStateException',
      code: undefined,
      stage: '',
      application: undefined,
      origin: undefined,
      source: { topic: 'orders', partition: 0, offset: 5 },
    });
  });

  test('finds no dead letter in another record', () => {
    expect(parseLetter(stored([['trace', null]]))).toBeUndefined();
  });
});

test('LetterBook leaves out letters of other applications, and what is none', async () => {
  const log = new MemoryLog({ clock: new ManualClock(0) });
  const topic = 'one.dead-letters';
  await log.admin.create({ name: topic, partitions: 1, cleanup: 'delete', retention: 'forever' });
  const builder = new RecordBatchBuilder();
  builder.appendPair(0, null, null, headers([], 'other'));
  builder.appendPair(0, null, null, []);
  builder.appendPair(0, null, null, headers([], 'one'));
  await appendOnce(log, 'test', { topic, partition: 0, batch: builder.finish(), records: 3 });
  const { graph } = check(oneStage(), loadCatalog([]).catalog);
  const book = new LetterBook(plan(graph as Graph), log);
  expect((await book.letters()).map(({ id }) => id)).toEqual([`${topic}/0/2`]);
  expect([...(await book.redriven())]).toEqual([]);
});
