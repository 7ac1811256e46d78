import { describe, expect, test } from 'vitest';
import { StorageError } from '../../../../topology/core/errors.ts';
import { units } from './assignor/cases.ts';
import { GroupWorld } from './group-world.ts';

const tasks = (count: number) => units(count, 0);

describe('GroupMember', () => {
  test('gives nothing to a member whose plan is not admitted, and tells it why', async () => {
    const world = new GroupWorld(tasks(2));
    const admit = async (plans: readonly string[]) =>
      new Map(plans.filter((it) => it === 'new').map((it) => [it, 'store "stock" has other keys']));
    const a = world.start('a', { plan: 'old', admit });
    await world.pass(1000);
    const b = world.start('b', { plan: 'new', admit });
    await world.pass(5000);
    expect(b.failure).toMatchObject({
      code: 'PLAN_REFUSED',
      message:
        'the running members of application "shop" do not admit this topology: store "stock" has other keys',
    });
    expect([b.joined, b.events]).toEqual([false, []]);
    expect(a.events).toEqual(['assigned in-0-0 in-0-1', 'departed b']);
    expect(world.coordinator.memberIds).toEqual(['a-0']);
  });

  test('makes its plan known again where the leader has forgotten it, and joins once more', async () => {
    const world = new GroupWorld(tasks(2));
    const known = new Set(['new']);
    let announced = 0;
    const admit = async (plans: readonly string[]) =>
      new Map(plans.filter((it) => !known.has(it)).map((it) => [it, 'it is not known']));
    const announce = async (): Promise<boolean> => {
      announced++;
      if (known.has('old')) return false;
      known.add('old');
      return true;
    };
    const a = world.start('a', { plan: 'new', admit });
    await world.pass(1000);
    const b = world.start('b', { plan: 'old', admit, announce });
    await world.pass(5000);
    expect([a.failure, b.failure, announced]).toEqual([undefined, undefined, 1]);
    expect([a.partitions, b.partitions]).toEqual(['in-0-0', 'in-0-1']);
  });

  test('is at its end where the leader knows its plan, and does not admit it', async () => {
    const world = new GroupWorld(tasks(2));
    const admit = async (plans: readonly string[]) =>
      new Map(plans.filter((it) => it === 'old').map((it) => [it, 'it is another']));
    world.start('a', { plan: 'new', admit });
    await world.pass(1000);
    const b = world.start('b', { plan: 'old', admit, announce: async () => false });
    await world.pass(5000);
    expect([b.failure, b.joined]).toEqual([
      expect.objectContaining({ code: 'PLAN_REFUSED' }),
      false,
    ]);
  });

  test.each(['LOG_UNAVAILABLE', 'TRANSACTION_ABORTED'])(
    'waits where plans cannot be looked up or written down as yet: %s',
    async (code) => {
      const world = new GroupWorld(tasks(2));
      const known = new Set<string>();
      const failing = <T>(action: () => T) => {
        let failures = 2;
        return async (): Promise<T> => {
          if (failures-- > 0) throw new StorageError(code, 'Kafka is away');
          return action();
        };
      };
      const admit = failing(
        () => new Map(known.has('p') ? [] : [['p', 'it is not known'] as const]),
      );
      const announce = failing(() => known.size < known.add('p').size);
      const a = world.start('a', { plan: 'p', admit, announce });
      await world.pass(10_000);
      expect([a.failure, a.partitions]).toEqual([undefined, 'in-0-0 in-0-1']);
    },
  );

  test('assigns what both plans have while an upgrade rolls, and the rest when it is over', async () => {
    const world = new GroupWorld(tasks(2));
    const tasksOf = (plan: string) => tasks(plan === 'old' ? 2 : 3);
    const a = world.start('a', { plan: 'old', tasksOf });
    await world.pass(1000);
    const b = world.start('b', { plan: 'new', tasksOf, tasks: tasks(3) });
    await world.pass(5000);
    expect([a.failure, a.partitions, b.partitions]).toEqual([undefined, 'in-0-0', 'in-0-1']);
    await world.until(a.member.leave());
    await world.pass(5000);
    expect([b.failure, b.partitions]).toEqual([undefined, 'in-0-0 in-0-1 in-0-2']);
  });
});
