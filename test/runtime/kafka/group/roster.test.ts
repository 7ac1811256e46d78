import { describe, expect, test } from 'vitest';
import { departedFor, entryOf, viewsOf } from '../../../../runtime/kafka/group/roster.ts';
import type { RosterEntry } from '../../../../runtime/kafka/group/user-data.ts';

function entry(slot: string, generation = 3): RosterEntry {
  const memberId = `${slot}-id`;
  return { memberId, slot, endpoint: null, generation, active: [`${slot}_0`], standby: [] };
}

const before = ['a', 'b', 'c', 'd'].map((slot) => entry(slot));

describe('departedFor', () => {
  test('tells the first of those who were there before', () => {
    expect(departedFor('b', before, [entry('b'), entry('d')])).toEqual(['a', 'c']);
    expect(departedFor('d', before, [entry('b'), entry('d')])).toEqual([]);
  });

  test('passes over a member that is new, or missed the assignment before', () => {
    const now = [entry('a0', -1), entry('b', 2), entry('d')];
    expect(departedFor('a0', [], now)).toEqual([]);
    expect(departedFor('b', before, now)).toEqual([]);
    expect(departedFor('d', before, now)).toEqual(['a', 'c']);
  });

  test('tells nobody where nobody left', () => {
    expect(departedFor('a', before, [...before, entry('e', -1)])).toEqual([]);
  });
});

describe('entryOf', () => {
  const roster = [entry('a'), entry('b')];

  test('finds a static member that came back with another member id', () => {
    expect(entryOf(roster, { memberId: 'b-new', slot: 'b', instanceId: 'b' })).toBe(roster[1]);
  });

  test('finds a dynamic member by its member id alone', () => {
    expect(entryOf(roster, { memberId: 'b-new', slot: 'b', instanceId: null })).toBe(undefined);
    expect(entryOf(roster, { memberId: 'b-id', slot: 'x', instanceId: null })).toBe(roster[1]);
  });
});

test('viewsOf marks this member', () => {
  const roster = [entry('a'), { ...entry('b'), endpoint: 'http://b:1' }];
  expect(viewsOf(roster, roster[1]).map((it) => [it.memberId, it.self, it.endpoint])).toEqual([
    ['a-id', false, undefined],
    ['b-id', true, 'http://b:1'],
  ]);
});
