import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newOutcomes, outcomeNames } from '../../../processors/outcomes.ts';
import { decodeControl, encodeControl, OutcomeTotals } from '../../../runtime/task/task-control.ts';
import { TaskTimes } from '../../../runtime/task/task-times.ts';

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((it) => it !== '__proto__');

describe('TaskControl', () => {
  test('comes back from its bytes as it was', () => {
    const times = fc.record({
      streamTime: fc.integer({ min: -1 }),
      partitionTimes: fc.dictionary(name, fc.integer()),
      operatorTimes: fc.dictionary(name, fc.integer()),
      dues: fc.dictionary(name, fc.option(fc.nat())),
      sequences: fc.dictionary(name, fc.nat()),
    });
    const counts = fc.record(
      Object.fromEntries(outcomeNames.map((it) => [it, fc.integer({ min: 1 })])),
      { requiredKeys: [] },
    );
    const control = fc.record({
      times,
      positions: fc.dictionary(name, fc.nat()),
      outcomes: fc.dictionary(name, counts),
    });
    fc.assert(
      fc.property(control, (it) => {
        const { times: t, positions, outcomes } = decodeControl(encodeControl(it));
        expect({ times: t, positions, outcomes }).toEqual(JSON.parse(JSON.stringify(it)));
      }),
    );
  });

  test('refuses a record of another version by its number', () => {
    expect(() => decodeControl(Buffer.from('{"version":2}'))).toThrow(
      'the control topic holds a record of version 2; this version reads 1',
    );
  });
});

describe('TaskTimes', () => {
  test('come back from their snapshot, a cancelled punctuation included', () => {
    const times = new TaskTimes();
    times.observe('t', 5);
    times.observe('t', 3);
    times.setOperatorTime('s', 4);
    times.setDue('s.tick', 100);
    times.setDue('s.once', Number.POSITIVE_INFINITY);
    times.nextSequence('call');
    const snapshot = times.snapshot();
    expect(snapshot).toEqual({
      streamTime: 5,
      partitionTimes: { t: 5 },
      operatorTimes: { s: 4 },
      dues: { 's.tick': 100, 's.once': null },
      sequences: { call: 1 },
    });
    const other = new TaskTimes();
    other.restore(snapshot);
    expect(other.due('s.once')).toBe(Number.POSITIVE_INFINITY);
    expect(other.nextSequence('call')).toBe(1);
    expect(other.partitionTime('t')).toBe(5);
    expect(other.partitionTime('u')).toBe(-1);
  });
});

describe('OutcomeTotals', () => {
  test('adds up batches, continues stored ones, and leaves out what is 0', () => {
    const totals = OutcomeTotals.of({ b: { in: 2, filtered: 2 } });
    totals.add(new Map([['a', { ...newOutcomes(), in: 1, emitted: 1 }]]));
    totals.add(
      new Map([
        ['a', { ...newOutcomes(), in: 1, filtered: 1 }],
        ['b', { ...newOutcomes(), in: 1, filtered: 1 }],
        ['idle', newOutcomes()],
      ]),
    );
    expect(totals.toJSON()).toEqual({
      a: { in: 2, emitted: 1, filtered: 1 },
      b: { in: 3, filtered: 3 },
    });
  });

  test('counts parked records from 0 where the stored counters know none', () => {
    const bytes = Buffer.from(
      '{"version":1,"times":{},"positions":{},"outcomes":{"a":{"in":1,"emitted":1}}}',
    );
    const totals = OutcomeTotals.of(decodeControl(bytes).outcomes);
    totals.add(new Map([['a', { ...newOutcomes(), in: 2, parked: 2 }]]));
    expect(totals.toJSON()).toEqual({ a: { in: 3, emitted: 1, parked: 2 } });
  });
});
