import { assert, constantFrom, integer, nat, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assign } from '../../../../../runtime/kafka/group/assignor/assign.ts';
import { input, member, scenes, settle, shown, soundScenes, units } from './cases.ts';

const withEnds = (tasks: readonly { id: string }[], end: number): Map<string, number> =>
  new Map(tasks.map(({ id }) => [id, end]));

const count = (ids: readonly string[], prefix: string): number =>
  ids.filter((id) => id.startsWith(prefix)).length;

describe('assign', () => {
  test('deals out the tasks of each sub-topology evenly', () => {
    const members = [member('a'), member('b'), member('c')];
    const tasks = [...units(4, 1, '0'), ...units(5, 0, '1')];
    expect(shown(members, assign(input(members, tasks)))).toEqual([
      'a: 0_0 0_3 1_2',
      'b: 0_1 1_0 1_3',
      'c: 0_2 1_1 1_4',
    ]);
  });

  test('gives a member that joins its share, and moves nothing else', () => {
    const members = [
      member('a', { owned: ['0_0', '0_2', '0_4'] }),
      member('b', { owned: ['0_1', '0_3', '0_5'] }),
      member('c'),
    ];
    const first = assign(input(members, units(6)));
    expect(shown(members, first)).toEqual(['a: 0_0 0_2', 'b: 0_1 0_3', 'c: ']);
    expect(first.followUp).toBe(true);
    const { members: after, last } = settle(input(members, units(6)));
    expect(shown(after, last)).toEqual(['a: 0_0 0_2', 'b: 0_1 0_3', 'c: 0_4 0_5']);
  });

  test('takes from a member some of each sub-topology', () => {
    const tasks = [...units(4, 0, '0'), ...units(4, 0, '1')];
    const members = [member('a', { owned: tasks.map((it) => it.id) }), member('b')];
    const { members: after, last } = settle(input(members, tasks));
    expect(shown(after, last)).toEqual(['a: 0_0 0_1 1_0 1_1', 'b: 0_2 0_3 1_2 1_3']);
  });

  test('gives the tasks of a member that left to the standbys that have their state', () => {
    const tasks = units(4, 1);
    const held = (...ids: string[]): Map<string, number> =>
      withEnds(
        ids.map((id) => ({ id })),
        99_000,
      );
    const members = [
      member('a', { owned: ['0_0'], held: held('0_0') }),
      member('b', { owned: ['0_1'], held: held('0_1', '0_3') }),
      member('c', { held: held('0_2') }),
    ];
    const got = assign(input(members, tasks, { ends: withEnds(tasks, 100_000) }));
    expect(shown(members, got)).toEqual(['a: 0_0', 'b: 0_1 0_3', 'c: 0_2']);
    expect(got.followUp).toBe(false);
  });

  test('keeps a task with its owner until the member that it moves to has its state', () => {
    const tasks = units(2, 1);
    const ends = withEnds(tasks, 50_000);
    const a = member('a', { owned: ['0_0', '0_1'] });
    const cold = [a, member('b', { held: new Map([['0_1', 39_999]]) })];
    const first = assign(input(cold, tasks, { ends }));
    expect(shown(cold, first)).toEqual(['a: 0_0 0_1', 'b:  / 0_1']);
    expect(first.members.get('b-id')?.warmups).toEqual(['0_1']);
    expect(first.followUp).toBe(false);
    const warm = [a, member('b', { held: new Map([['0_1', 40_000]]) })];
    const second = assign(input(warm, tasks, { ends }));
    expect(shown(warm, second)).toEqual(['a: 0_0', 'b: ']);
    expect(second.followUp).toBe(true);
  });

  test('warms up no more tasks at a time than it may', () => {
    const tasks = units(10, 1);
    const members = [member('a', { owned: tasks.map((it) => it.id) }), member('b')];
    const given = input(members, tasks, { ends: withEnds(tasks, 50_000) });
    expect(assign(given).members.get('b-id')?.warmups).toHaveLength(2);
    const { members: after, last, rounds } = settle(given);
    expect(shown(after, last)).toEqual(['a: 0_0 0_1 0_2 0_3 0_4', 'b: 0_5 0_6 0_7 0_8 0_9']);
    // Two of five at a time: warm-up, give up, take over; the next two warm up meanwhile.
    expect(rounds).toBeLessThanOrEqual(9);
  });

  test('moves nothing with state while ends cannot be asked', () => {
    const tasks = units(4, 1);
    const members = [member('a', { owned: tasks.map((it) => it.id) }), member('b')];
    const got = assign(input(members, tasks, { ends: undefined }));
    expect(shown(members, got)).toEqual(['a: 0_0 0_1 0_2 0_3', 'b:  / 0_2 0_3']);
  });

  test('puts standbys on other hosts where there are', () => {
    const tasks = units(4, 1);
    const members = ['a', 'b', 'c', 'd'].map((slot, i) =>
      member(slot, { host: i < 2 ? 'left' : 'right' }),
    );
    const options = { standbyReplicas: 1 };
    expect(shown(members, assign(input(members, tasks, { options })))).toEqual([
      'a: 0_0 / 0_2',
      'b: 0_1 / 0_3',
      'c: 0_2 / 0_0',
      'd: 0_3 / 0_1',
    ]);
  });

  test('gives a task that is withheld to nobody', () => {
    const members = [member('a')];
    const got = assign(input(members, units(2), { withheld: new Set(['0_1']) }));
    expect(shown(members, got)).toEqual(['a: 0_0']);
    expect(got.followUp).toBe(true);
  });

  test('assigns nothing to nobody', () => {
    expect(assign(input([], units(2)))).toEqual({ members: new Map(), followUp: false });
  });

  test('assigns 1,000 tasks to 100 members in well under two seconds', () => {
    const tasks = [...units(500, 2, '0'), ...units(500, 0, '1')];
    const members = Array.from({ length: 100 }, (_, i) =>
      member(`s${i}`, {
        owned: i < 90 ? tasks.filter((_, t) => t % 90 === i).map((it) => it.id) : [],
        held: new Map(tasks.filter((_, t) => t % 45 === i % 45).map((it) => [it.id, 90_000])),
      }),
    );
    const options = { standbyReplicas: 2 };
    const given = input(members, tasks, { options, ends: withEnds(tasks, 100_000) });
    const start = process.cpuUsage();
    assign(given);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1000).toBeLessThan(1000);
  });
});

describe('every assignment', () => {
  test('gives each task to one member at most, and to none only while another has it', () => {
    assert(
      property(scenes, (scene) => {
        const { members, followUp } = assign(input(scene.members, scene.tasks, scene));
        const given = [...members.values()].flatMap((it) => it.active);
        expect(new Set(given).size).toBe(given.length);
        expect(given.length < scene.tasks.length).toBe(followUp);
        for (const { id } of scene.tasks) {
          const claimed = scene.members.filter((it) => it.owned.includes(id));
          const by = scene.members.filter((it) => members.get(it.memberId)?.active.includes(id));
          if (claimed.length === 0) expect(by).toHaveLength(1);
          else for (const it of by) expect(it.owned).toContain(id);
        }
      }),
    );
  });

  test('keeps copies away from who runs the task, and from each other', () => {
    assert(
      property(scenes, (scene) => {
        const { members } = assign(input(scene.members, scene.tasks, scene));
        for (const { active, standby, warmups } of members.values()) {
          expect(standby.filter((id) => active.includes(id))).toEqual([]);
          expect(new Set(standby).size).toBe(standby.length);
          expect(warmups.filter((id) => !standby.includes(id))).toEqual([]);
          expect(warmups.length).toBeLessThanOrEqual(scene.options.maxWarmups);
        }
        const wanted = Math.min(scene.options.standbyReplicas, scene.members.length - 1);
        for (const { id, stores } of scene.tasks) {
          const all = [...members.values()];
          const copies = all.filter((it) => it.standby.includes(id)).length;
          const warming = all.filter((it) => it.warmups.includes(id)).length;
          if (stores === 0) expect(copies).toBe(0);
          else {
            expect(copies - warming).toBeLessThanOrEqual(wanted);
            expect(copies).toBeGreaterThanOrEqual(wanted);
          }
        }
      }),
    );
  });

  test('is the same whatever the order of members and tasks', () => {
    assert(
      property(scenes, (scene) => {
        const one = assign(input(scene.members, scene.tasks, scene));
        const other = assign(input(scene.members.toReversed(), scene.tasks.toReversed(), scene));
        expect(other).toEqual(one);
      }),
    );
  });

  test('does not take a task from a member with its state for one without', () => {
    assert(
      property(soundScenes, (scene) => {
        const { members } = assign(input(scene.members, scene.tasks, scene));
        const lacks = (slot: (typeof scene.members)[number], id: string): number =>
          slot.owned.includes(id) ? 0 : (scene.ends.get(id) ?? 0) - (slot.held.get(id) ?? 0);
        for (const it of scene.members) {
          for (const id of members.get(it.memberId)!.active) {
            const warm = scene.members.filter((other) => lacks(other, id) <= 100);
            if (warm.length > 0) expect(warm).toContain(it);
          }
        }
      }),
    );
  });

  test('leads to balance in a bounded number of assignments, and stays there', () => {
    assert(
      property(soundScenes, (scene) => {
        const { last, rounds, members } = settle(input(scene.members, scene.tasks, scene));
        expect(rounds).toBeLessThanOrEqual(4 + 3 * scene.tasks.length);
        const all = [...last.members.values()].map((it) => it.active);
        for (const counts of [all.map((ids) => ids.length), all.map((ids) => count(ids, '1_'))]) {
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        }
        expect(all.flat().length).toBe(scene.tasks.length);
        expect([...last.members.values()].flatMap((it) => it.warmups)).toEqual([]);
        expect(assign(input(members, scene.tasks, scene))).toEqual(last);
      }),
    );
  });
});

describe('a member that joins or leaves a balanced group', () => {
  const groups = record({
    tasks: integer({ min: 1, max: 40 }),
    stores: constantFrom(0, 1),
    members: integer({ min: 1, max: 8 }),
    leaver: nat(),
  });

  function balanced(tasks: number, stores: number, members: number) {
    const slots = Array.from({ length: members }, (_, i) => member(`s${i}`));
    return settle(input(slots, units(tasks, stores))).members;
  }

  test('moves no more tasks than its own share when it joins', () => {
    assert(
      property(groups, ({ tasks, stores, members }) => {
        const now = [...balanced(tasks, stores, members), member('t')];
        const { moves } = settle(input(now, units(tasks, stores)));
        expect(moves).toBe(Math.floor(tasks / (members + 1)));
      }),
    );
  });

  test('moves its own tasks alone when it leaves', () => {
    assert(
      property(groups, ({ tasks, stores, members, leaver }) => {
        const before = balanced(tasks, stores, members + 1);
        const gone = before[leaver % before.length]!;
        const now = before.filter((it) => it !== gone);
        const { moves } = settle(input(now, units(tasks, stores)));
        expect(moves).toBe(gone.owned.length);
      }),
    );
  });
});
