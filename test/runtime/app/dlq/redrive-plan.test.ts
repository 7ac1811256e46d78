import { describe, expect, test } from 'vitest';
import type { DeadLetter } from '../../../../runtime/app/dlq/letter.ts';
import { KeyOrder, overtakenBy } from '../../../../runtime/app/dlq/key-order.ts';
import { type RedriveFacts, redriveSteps } from '../../../../runtime/app/dlq/redrive-plan.ts';
import type { ParkedKey } from '../../../../runtime/task/parking/parked-rows.ts';
import type { LetterOrigin } from '../../../../runtime/task/dead-letter.ts';
import { loadCatalog } from '../../../../schemas/index.ts';
import { check } from '../../../../topology/graph/check.ts';
import type { Graph } from '../../../../topology/graph/graph.ts';
import { plan } from '../../../../topology/plan/planner.ts';
import { definitionOf, oneStage } from '../../topology.ts';

const { catalog } = loadCatalog([
  {
    file: 'pay.avsc',
    text: `{ "type": "record", "name": "pay.Note", "fields": [ { "name": "state",
      "type": { "type": "enum", "name": "pay.State", "symbols": ["YES"] } } ] }`,
  },
]);
const planOf = (definition: ReturnType<typeof oneStage>) =>
  plan(check(definition, catalog).graph as Graph, { allPartitions: 2 });
const plain = planOf(oneStage());
const calling = planOf(
  definitionOf(`
application: pay
streams:
  notes: { topic: notes, key: string, value: pay.Note }
calls:
  bank: { request: pay.Note, reply: pay.Note }
stages:
  ask:
    from: notes
    call: bank
    request: { state: value.state }
    idempotency-key: key
    timeout: 1s
    retry: { attempts: 1 }
    outcomes: { match: reply.state, YES: { out: yes }, unknown: { out: unclear } }
    drop: ["yes", unclear]
`),
);

function letter(offset: number, more: Partial<DeadLetter> = {}): DeadLetter {
  return {
    topic: 'dead',
    partition: 0,
    offset,
    id: `dead/0/${offset}`,
    key: Buffer.from('k'),
    value: null,
    time: 5,
    headers: [],
    error: 'ProcessingError',
    code: 'STAGE_FAILED',
    message: 'no',
    stage: 'run',
    task: 'run_1',
    application: 'one',
    origin: 'record',
    source: { topic: 'numbers', partition: 1, offset: 100 + offset },
    keySchemaId: undefined,
    schemaId: undefined,
    call: undefined,
    parked: undefined,
    ...more,
  };
}

const facts: RedriveFacts = {
  plan: plain,
  redriven: new Map(),
  partitionsOf: () => 2,
  rejected: false,
  unparked: false,
  named: false,
  migrates: false,
  noCalls: undefined,
  outdated: () => false,
  parkedKey: () => undefined,
  toBeRead: () => false,
};

function outcomes(letters: readonly DeadLetter[], more: Partial<RedriveFacts> = {}): unknown[] {
  return redriveSteps(letters, letters, { ...facts, ...more }).map((step) =>
    step.kind === 'stays' ? step.reason : [step.kind, step.to.topic, step.to.partition],
  );
}

const numbers = ['send', 'numbers', 1];
const journal = ['ask', 'pay-ask-journal-changelog', 1];
const call = { stage: 'ask', intent: Buffer.from([2]) };
const aside =
  'stage "run" set it aside, and what else its record caused stands: --rejected sends it all the same';

describe('redriveSteps', () => {
  test.each<[LetterOrigin, unknown]>([
    ['record', numbers],
    ['rejected', aside],
    ['rejected-reply', aside],
    ['derived', 'a stage made this record: no topic has it, and no stage takes it'],
    ['punctuation', 'no record failed, but a punctuation, which fires again by itself'],
    ['reply', 'it does not bear its call, which was too large, or an earlier version wrote it'],
  ])('of a letter of origin %s', (origin, expected) => {
    expect(outcomes([letter(0, { origin })])).toEqual([expected]);
  });

  test('sends what was set aside where that is asked for', () => {
    const replied = letter(1, { origin: 'rejected-reply', call });
    expect(outcomes([letter(0, { origin: 'rejected' })], { rejected: true })).toEqual([numbers]);
    expect(outcomes([replied], { rejected: true, plan: calling })).toEqual([journal]);
  });

  test('puts a call back into the journal of its task', () => {
    const replied = letter(0, { origin: 'reply', call });
    const of = (more: Partial<RedriveFacts>) => outcomes([replied], { plan: calling, ...more })[0];
    expect(of({})).toEqual(journal);
    expect(of({ noCalls: 'it runs' })).toBe('it runs');
    expect(of({ migrates: true })).toBe('it is of a reply to a call: no function changes that');
    expect(of({ plan: plain })).toBe('there is no call stage "ask" any more');
    expect(of({ partitionsOf: () => 1 })).toBe(
      'the journal of stage "ask" has no partition of task run_1',
    );
  });

  test('judges letters of earlier versions by what they say', () => {
    const old = { origin: undefined, application: undefined };
    const none = { ...old, source: undefined };
    expect(outcomes([letter(0, old)])).toEqual([numbers]);
    expect(outcomes([letter(0, { ...old, code: 'RECORD_REJECTED' })])).toEqual([aside]);
    expect(outcomes([letter(0, none)])).toEqual([
      'no record failed, but a punctuation, which fires again by itself',
    ]);
    expect(outcomes([letter(0, old)], { plan: calling })).toEqual([
      'an earlier version wrote it and did not say whether it is of a reply to a call',
    ]);
  });

  test('sends only where there is a topic, a partition and a reader', () => {
    const elsewhere = letter(0, { source: { topic: 'gone', partition: 1, offset: 0 } });
    expect(outcomes([elsewhere])).toEqual(['the topology does not read "gone"']);
    expect(outcomes([letter(0)], { partitionsOf: () => undefined })).toEqual([
      'there is no topic "numbers"',
    ]);
    expect(outcomes([letter(0)], { partitionsOf: () => 1 })).toEqual([
      'topic "numbers" has no partition 1 any more',
    ]);
    expect(outcomes([letter(0)], { outdated: () => true })).toEqual([
      'table topic "numbers" has a later record of its key',
    ]);
  });

  test('sends of several letters of one record the latest, as after a reset', () => {
    const { source } = letter(0);
    const twice = [letter(0), letter(1, { source })];
    expect(outcomes(twice)).toEqual(['dead/0/1 is a later letter of the same record', numbers]);
  });

  test('releases the key that a letter parks, and no other one', () => {
    const parked = { attempt: 2, sinceMs: 9 };
    const key = { ...parked, topic: 'numbers', partition: 1, offset: 100 };
    const row: ParkedKey = { ...key, head: 4, first: 4, next: 7 };
    const [step] = redriveSteps([letter(0, { parked })], [letter(0, { parked })], {
      ...facts,
      parkedKey: () => row,
    });
    const release = { task: 'run_1', key: Buffer.from('k'), parked, action: 'retry' };
    expect(step).toMatchObject({ kind: 'release', waiting: 2, release });
    const earlier = letter(0, { parked: { attempt: 1, sinceMs: 8 } });
    const now = letter(1, { parked });
    const both = redriveSteps([earlier, now], [earlier], { ...facts, parkedKey: () => row });
    expect(both).toMatchObject([
      {
        kind: 'stays',
        reason:
          'its key is no longer parked with it, but with dead/0/1: the record went through when its key was released; --unparked sends it to its topic all the same',
        blocks: false,
      },
    ]);
  });

  test('releases a letter that parks its key, whatever later letter its record has', () => {
    const parked = { attempt: 1, sinceMs: 9 };
    const row = { ...parked, topic: 'numbers', partition: 1, offset: 100 };
    const parks = letter(0, { parked });
    const later = letter(1, { source: parks.source, task: 'other_1' });
    const [step] = redriveSteps([parks, later], [parks], {
      ...facts,
      parkedKey: ({ task }) =>
        task === 'run_1' ? { ...row, head: 0, first: 0, next: 1 } : undefined,
    });
    expect(step).toMatchObject({ kind: 'release', waiting: 0 });
  });

  test('sends a letter of a parked key that does not park it behind what waits', () => {
    const row = { attempt: 1, sinceMs: 9, topic: 'numbers', partition: 1, offset: 100 };
    const [step] = redriveSteps([letter(0)], [letter(0)], {
      ...facts,
      parkedKey: () => ({ ...row, head: 0, first: 1, next: 4 }),
    });
    expect(step).toMatchObject({ kind: 'send', behind: 4 });
  });

  test('sends what was parked and is no longer only where that is asked for', () => {
    const parked = letter(0, { parked: { attempt: 1, sinceMs: 9 } });
    const unparked =
      'its key is no longer parked: the record went through when its key was released, or after a reset; --unparked sends it to its topic all the same';
    expect(outcomes([parked])).toEqual([unparked]);
    expect(outcomes([parked], { unparked: true })).toEqual([numbers]);
    expect(outcomes([parked], { toBeRead: () => true })).toEqual([
      'its key is no longer parked: the application has yet to read its record again, as after a reset; --unparked sends it to its topic all the same',
    ]);
  });

  test('refuses a letter that was discarded, when it is named', () => {
    const one = letter(0);
    const note = { to: 'discarded', at: 'then', of: 'numbers/1/100@5' };
    const redriven = new Map([[one.id, note]]);
    expect(outcomes([one], { redriven })).toEqual([]);
    expect(outcomes([one], { redriven, named: true })).toEqual([
      'it was discarded at then: if it is wanted, produce it anew',
    ]);
  });

  test('goes by the order of the records, not of the letters', () => {
    const early = letter(2, { source: { topic: 'numbers', partition: 1, offset: 7 } });
    const other = letter(3, { source: { topic: 'numbers', partition: 0, offset: 900 } });
    const all = [letter(0), letter(1), early, other];
    const order = redriveSteps(all, all, facts).map((step) => step.letter.offset);
    expect(order).toEqual([3, 2, 0, 1]);
  });
});

describe('KeyOrder', () => {
  test('keeps letters behind one of their key that blocks, and no others', () => {
    const order = new KeyOrder();
    const gone = letter(0, { source: { topic: 'numbers', partition: 1, offset: 0 }, call });
    const all = [gone, letter(1), letter(2, { key: Buffer.from('other') })];
    const steps = all.map((one, i) =>
      i === 0
        ? ({ kind: 'stays', letter: one, reason: 'x', blocks: true } as const)
        : ({ kind: 'send', letter: one, to: { topic: 'numbers', partition: 1 } } as const),
    );
    expect(steps.map((step) => order.after(step)).map((step) => step.kind)).toEqual([
      'stays',
      'stays',
      'send',
    ]);
  });
});

describe('KeyOrder of records without a key', () => {
  test('keeps none', () => {
    const order = new KeyOrder();
    const [one, other] = [letter(0, { key: null }), letter(1, { key: null })];
    order.after({ kind: 'stays', letter: one, reason: 'x', blocks: true });
    const step = { kind: 'send', letter: other, to: { topic: 'numbers', partition: 1 } } as const;
    expect(order.after(step)).toBe(step);
  });
});

describe('overtakenBy', () => {
  test('counts letters of a key that were left before one that is sent', () => {
    const all = [letter(0), letter(1), letter(2)];
    const steps = redriveSteps(all, [letter(1)], facts);
    expect(overtakenBy(steps, [letter(0), letter(2)])).toBe(1);
    expect(overtakenBy(steps, [letter(0, { key: null }), letter(2)])).toBe(0);
    const other = Buffer.from('other');
    expect(overtakenBy(steps, [letter(0, { key: other })])).toBe(0);
  });
});
