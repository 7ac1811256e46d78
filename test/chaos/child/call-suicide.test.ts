import { describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from '../../../runtime/codec/batch-builder.ts';
import { newProgress } from '../../../runtime/calls/call-progress.ts';
import { IntentCodec } from '../../../runtime/calls/intent-codec.ts';
import type { Append } from '../../../runtime/ports.ts';
import { jsonSerde, stringSerde } from '../../../schemas/index.ts';
import { noHeaders, StreamRecord } from '../../../topology/core/record.ts';
import { ownSteps } from '../calls/call-steps.ts';
import { keysAt } from './call-suicide.ts';

function append(topic: string, key: string, value: Buffer | null): Append {
  const builder = new RecordBatchBuilder();
  builder.appendPair(0, Buffer.from(key), value, noHeaders);
  return { topic, partition: 0, batch: builder.finish(), records: 1 };
}

function intent(idempotencyKey: string, marked: boolean): Buffer {
  const record = new StreamRecord('o', 'v', 0, noHeaders, 'orders-charge-repartition', 0, 0);
  const progress = { ...newProgress(0), marked };
  return new IntentCodec(stringSerde, stringSerde, jsonSerde).encode({
    record,
    progress,
    idempotencyKey,
    request: {},
  });
}

const journal = 'orders-charge-journal-changelog';
const transaction = {
  appends: [
    append(journal, 'a', intent('charge-new', false)),
    append(journal, 'b', intent('charge-marked', true)),
    append(journal, 'c', null),
    append('orders-charge-calls', 'charge-answered', Buffer.from('{"outcome":"reply"}')),
    append('orders-charge-calls', 'charge-lost', Buffer.from('{"outcome":"unknown"}')),
    append('orders-holds-changelog', 'd', Buffer.from('no intent')),
  ],
};

describe('keysAt', () => {
  test('tells the calls of a transaction by the step that it brings them to', () => {
    expect(Object.fromEntries(ownSteps.map((step) => [step, keysAt(step, transaction)]))).toEqual({
      'before-intent': ['charge-new'],
      'after-intent': ['charge-new'],
      'after-mark': ['charge-marked'],
      'before-outcome': ['charge-answered'],
      'after-outcome': ['charge-answered'],
    });
  });
});
