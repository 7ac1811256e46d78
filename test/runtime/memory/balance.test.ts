import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { balance, type BalancedMember } from '../../../runtime/memory/balance.ts';
import type { TaskUnit } from '../../../runtime/ports.ts';

const units = (count: number): readonly TaskUnit[] =>
  Array.from({ length: count }, (_, i) => ({ id: `t${i}`, inputs: [], stores: 1 }));

const member = (id: string, owned: readonly string[], held: readonly string[] = []) => ({
  id,
  owned: new Set(owned),
  held: new Map(held.map((task) => [task, 1])),
});

const active = (members: readonly BalancedMember[], count: number, standbys = 0) =>
  Object.fromEntries(
    [...balance(members, units(count), standbys).active].map(([id, tasks]) => [
      id,
      tasks.map((task) => task.id),
    ]),
  );

describe('balance', () => {
  test('leaves tasks where they are, and takes no more than it must', () => {
    const members = [member('a', ['t0', 't1', 't2', 't3']), member('b', [])];
    expect(active(members, 4)).toEqual({ a: ['t0', 't1'], b: ['t2', 't3'] });
    expect(active([member('a', ['t3']), member('b', ['t0'])], 4)).toEqual({
      a: ['t1', 't3'],
      b: ['t0', 't2'],
    });
  });

  test('gives a free task to the member that holds its state', () => {
    const members = [member('a', ['t0']), member('b', ['t1'], ['t3']), member('c', [], ['t2'])];
    expect(active(members, 4)).toMatchObject({ c: ['t2'] });
  });

  test('has each task once, counts that differ by one at most, and standbys elsewhere', () => {
    const ids = ['a', 'b', 'c', 'd'];
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 12 }),
        fc.integer({ min: 0, max: 3 }),
        fc.array(fc.nat(5), { minLength: 12, maxLength: 12 }),
        (count, tasks, standbys, owners) => {
          const members = ids.slice(0, count).map((id, m) =>
            member(
              id,
              owners.flatMap((owner, t) => (owner === m ? [`t${t}`] : [])),
            ),
          );
          const { active: given, standby } = balance(members, units(tasks), standbys);
          const all = [...given.values()].flat().map(({ id }) => id);
          expect(all.toSorted()).toEqual(
            units(tasks)
              .map(({ id }) => id)
              .toSorted(),
          );
          const sizes = [...given.values()].map((it) => it.length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
          for (const { id } of units(tasks)) {
            const warm = [...standby].flatMap(([name, of]) => (of.includes(id) ? [name] : []));
            expect(warm).toHaveLength(Math.min(standbys, count - 1));
            const owner = [...given].find(([, of]) => of.some((task) => task.id === id))?.[0];
            expect(warm).not.toContain(owner);
          }
        },
      ),
    );
  });
});
