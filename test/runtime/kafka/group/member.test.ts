import { describe, expect, test } from 'vitest';
import { units } from './assignor/cases.ts';
import { GroupWorld } from './group-world.ts';

const tasks = (count: number, stores = 0) => units(count, stores);

describe('GroupMember', () => {
  test('gets every task when it is alone, before its join resolves', async () => {
    const world = new GroupWorld(tasks(3));
    const a = world.start('a');
    await world.pass(100);
    expect(a.joined).toBe(true);
    expect(a.events).toEqual(['assigned in-0-0 in-0-1 in-0-2']);
    expect([a.member.memberId, a.member.instanceId, a.member.generation]).toEqual(['a-0', 'a', 1]);
    expect(a.views).toEqual([
      {
        memberId: 'a-0',
        self: true,
        endpoint: undefined,
        active: ['0_0', '0_1', '0_2'],
        standby: [],
      },
    ]);
  });

  test('joins with an id that it is given first when it is dynamic', async () => {
    const world = new GroupWorld(tasks(1));
    const a = world.start('a', { static: false });
    await world.pass(100);
    expect([a.member.memberId, a.member.instanceId]).toEqual(['client-0', null]);
    expect(a.partitions).toBe('in-0-0');
  });

  test('gives up what moves, and keeps the rest without a word', async () => {
    const world = new GroupWorld(tasks(4));
    const a = world.start('a');
    await world.pass(5000);
    const b = world.start('b');
    await world.pass(5000);
    expect(a.events).toEqual(['assigned in-0-0 in-0-1 in-0-2 in-0-3', 'revoked in-0-2 in-0-3']);
    expect(b.events).toEqual(['assigned in-0-2 in-0-3']);
    // One to join, one to hand over.
    expect(world.coordinator.rebalances).toBe(3);
  });

  test('takes over within two heartbeats when another one leaves', async () => {
    const world = new GroupWorld(tasks(2));
    const [a, b] = [world.start('a'), world.start('b')];
    await world.pass(5000);
    expect([a.partitions, b.partitions]).toEqual(['in-0-0', 'in-0-1']);
    await world.until(a.member.leave());
    expect(a.events.at(-1)).toBe('revoked in-0-0');
    await world.pass(2000);
    expect(b.partitions).toBe('in-0-0 in-0-1');
    expect(a.member.ended).toBe(true);
  });

  test('leaves once, however often it is told', async () => {
    const world = new GroupWorld(tasks(1));
    const a = world.start('a');
    await world.pass(1000);
    expect(a.member.leave()).toBe(a.member.leave());
    await world.until(a.member.leave());
    expect(a.events).toEqual(['assigned in-0-0', 'revoked in-0-0']);
    expect(world.coordinator.memberIds).toEqual([]);
  });

  test('stays in the group after leave where it is told to come back', async () => {
    const world = new GroupWorld(tasks(1));
    const a = world.start('a', { leaveOnClose: false });
    await world.pass(1000);
    await world.until(a.member.leave());
    const again = world.start('a');
    await world.pass(1000);
    expect(again.partitions).toBe('in-0-0');
    expect(world.coordinator.rebalances).toBe(1);
  });

  test('gets its tasks back without a rebalance when its process starts again', async () => {
    const world = new GroupWorld(tasks(4));
    const [a, b] = [world.start('a'), world.start('b')];
    await world.pass(5000);
    const { rebalances } = world.coordinator;
    for (const it of [a, b]) {
      it.process.kill();
      const again = world.start(it.slot);
      await world.pass(5000);
      expect(again.partitions).toBe(it.partitions);
      expect(again.views.find((view) => view.self)?.active).toHaveLength(2);
    }
    expect(world.coordinator.rebalances).toBe(rebalances);
  });

  test('asks for a new assignment when it starts again with another plan', async () => {
    const world = new GroupWorld(tasks(2));
    const a = world.start('a', { plan: 'one' });
    await world.pass(1000);
    a.process.kill();
    const again = world.start('a', { plan: 'two' });
    await world.pass(5000);
    expect(again.partitions).toBe('in-0-0 in-0-1');
    expect(world.coordinator.rebalances).toBe(2);
  });

  test('gets the tasks of one that was killed when its session is over', async () => {
    const world = new GroupWorld(tasks(2));
    const [a, b] = [world.start('a'), world.start('b', { sessionTimeoutMs: 10_000 })];
    await world.pass(5000);
    b.process.kill();
    await world.pass(9000);
    expect(a.partitions).toBe('in-0-0');
    await world.pass(5000);
    expect(a.partitions).toBe('in-0-0 in-0-1');
    expect(a.events.slice(-2)).toEqual(['departed b', 'assigned in-0-1']);
  });

  test('tells one member alone that another one is gone', async () => {
    const world = new GroupWorld(tasks(3));
    const [a, b, c] = [world.start('a'), world.start('b'), world.start('c')];
    await world.pass(5000);
    a.process.kill();
    await world.pass(60_000);
    const told = [b, c].map((it) => it.events.filter((event) => event.startsWith('departed')));
    expect(told).toEqual([['departed a'], []]);
  });

  test('joins anew after it was stopped for longer than its session, everything lost', async () => {
    const world = new GroupWorld(tasks(2));
    const options = { sessionTimeoutMs: 10_000 };
    const [a, b] = [world.start('a', options), world.start('b', options)];
    await world.pass(5000);
    a.process.stop();
    await world.pass(20_000);
    expect(b.partitions).toBe('in-0-0 in-0-1');
    expect([a.partitions, a.member.joining, a.member.doubtful]).toEqual(['in-0-0', true, true]);
    a.process.resume();
    await world.pass(5000);
    expect(a.events.slice(1)).toEqual(['lost in-0-0', 'assigned in-0-1']);
    expect([a.partitions, b.partitions]).toEqual(['in-0-1', 'in-0-0']);
    expect(a.member.joining).toBe(false);
  });

  test('goes on after it was stopped for less than its session', async () => {
    const world = new GroupWorld(tasks(2));
    const a = world.start('a');
    await world.pass(5000);
    a.process.stop();
    await world.pass(20_000);
    a.process.resume();
    await world.pass(5000);
    expect(a.events).toHaveLength(1);
    expect(world.coordinator.rebalances).toBe(1);
  });

  test('is in doubt while nothing was answered for a session, and certain with the next answer', async () => {
    const world = new GroupWorld(tasks(2));
    const a = world.start('a', { sessionTimeoutMs: 10_000 });
    await world.pass(5000);
    a.wire.break();
    await world.pass(9000);
    expect(a.member.joining).toBe(false);
    await world.pass(1100);
    expect(a.member.joining).toBe(true);
    let settled = false;
    void a.member.settled().then(() => (settled = true));
    await world.pass(1000);
    expect(settled).toBe(false);
    a.wire.mend();
    await world.pass(1000);
    expect([settled, a.member.joining, a.partitions]).toEqual([true, false, 'in-0-0 in-0-1']);
  });

  test('fails when another process runs with its slot', async () => {
    const world = new GroupWorld(tasks(2));
    const a = world.start('a');
    await world.pass(5000);
    const thief = world.start('a');
    await world.pass(5000);
    expect(a.failure).toMatchObject({
      name: 'ConfigError',
      code: 'SLOT_TAKEN',
      message:
        'another process of application "shop" runs with the slot "a" and has taken over from this one: ' +
        'give each process a data folder of its own',
    });
    expect(a.events.at(-1)).toBe('lost in-0-0 in-0-1');
    expect(a.member.ended).toBe(true);
    expect(thief.partitions).toBe('in-0-0 in-0-1');
  });

  test.each([60, 61, 62, 400])(
    'joins anew where a join of its own that was given up arrives %i ms later',
    async (lateMs) => {
      const world = new GroupWorld(tasks(2));
      const a = world.start('a');
      a.wire.late.set('JoinGroup', lateMs);
      await world.pass(30_000);
      expect([a.failure, a.partitions]).toEqual([undefined, 'in-0-0 in-0-1']);
      // It has been answered for: the next one is another process.
      const thief = world.start('a');
      await world.pass(5000);
      expect(a.failure).toMatchObject({ code: 'SLOT_TAKEN' });
      expect(thief.partitions).toBe('in-0-0 in-0-1');
    },
  );

  test('joins anew where another coordinator has it under an id of before', async () => {
    const world = new GroupWorld(tasks(2));
    const a = world.start('a');
    await world.pass(5000);
    // Expelled, it joins anew; that is lost with the coordinator.
    a.member.restart();
    a.wire.break();
    world.coordinator.leave({
      groupId: 'shop',
      members: [{ memberId: 'a-0', groupInstanceId: 'a', reason: null }],
    });
    a.wire.mend();
    await world.pass(5000);
    expect(a.member.memberId).toBe('a-1');
    world.coordinator.failOver('a', 'a-0');
    await world.pass(5000);
    expect([a.failure, a.partitions, a.member.memberId]).toEqual([
      undefined,
      'in-0-0 in-0-1',
      'a-2',
    ]);
    // Under an id that it never had it is another process.
    world.coordinator.failOver('a', 'a-7');
    await world.pass(5000);
    expect(a.failure).toMatchObject({ code: 'SLOT_TAKEN' });
  });

  test('waits until it is told who has its place', async () => {
    const world = new GroupWorld(tasks(2));
    const a = world.start('a');
    await world.pass(5000);
    a.wire.blocked.add('DescribeGroups');
    const thief = world.start('a');
    await world.pass(5000);
    expect([a.failure, a.member.joining, thief.partitions]).toEqual([
      undefined,
      true,
      'in-0-0 in-0-1',
    ]);
    a.wire.blocked.clear();
    await world.pass(5000);
    expect(a.failure).toMatchObject({ code: 'SLOT_TAKEN' });
  });

  test('joins anew where the last join of the process before arrives after its own', async () => {
    const world = new GroupWorld(tasks(2));
    const before = world.start('a');
    before.wire.late.set('JoinGroup', 6);
    before.process.kill();
    await world.pass(3);
    const a = world.start('a');
    await world.pass(30_000);
    expect([a.failure, a.partitions]).toEqual([undefined, 'in-0-0 in-0-1']);
  });

  test('fails for a task that its topology does not have', async () => {
    const world = new GroupWorld(tasks(3));
    world.start('a');
    const b = world.start('b', { tasks: tasks(1) });
    await world.pass(5000);
    expect(b.failure).toMatchObject({
      code: 'TASK_UNKNOWN',
      message:
        'application "shop" has a task 0_1 that this topology lacks: run the same topology in all processes',
    });
  });

  test('fails with what a callback throws, and lets others have its tasks', async () => {
    const world = new GroupWorld(tasks(2));
    const a = world.start('a');
    await world.pass(1000);
    const b = world.start('b', {
      onAssigned: () => {
        throw new Error('disk full');
      },
    });
    await world.pass(5000);
    expect(b.failure).toMatchObject({ message: 'disk full' });
    expect(a.partitions).toBe('in-0-0 in-0-1');
  });

  test('moves a task with state when its copy is ready, in one rebalance more', async () => {
    const all = tasks(2, 1);
    const held = new Map<string, number>();
    const world = new GroupWorld(all);
    const stateEnds = async () => new Map(all.map(({ id }) => [id, 50_000]));
    const a = world.start('a', { stateEnds });
    await world.pass(5000);
    const b = world.start('b', { stateEnds, held: () => held, probeIntervalMs: 10_000 });
    await world.pass(60_000);
    expect([a.partitions, b.partitions, b.standby]).toEqual(['in-0-0 in-0-1', '', ['0_1']]);
    expect(world.coordinator.rebalances).toBe(2);
    held.set('0_1', 45_000);
    await world.pass(15_000);
    expect([a.partitions, b.partitions, b.standby]).toEqual(['in-0-0', 'in-0-1', []]);
    expect(world.coordinator.rebalances).toBe(4);
  });

  test('keeps members while ends cannot be asked', async () => {
    const world = new GroupWorld(tasks(2, 1));
    const stateEnds = () => new Promise<never>(() => {});
    const a = world.start('a', { stateEnds });
    await world.pass(10_000);
    const b = world.start('b', { stateEnds });
    await world.pass(10_000);
    expect([a.partitions, b.partitions, b.standby]).toEqual(['in-0-0 in-0-1', '', ['0_1']]);
  });

  test('keeps heartbeats going while a callback takes its time', async () => {
    const world = new GroupWorld(tasks(2));
    const options = { sessionTimeoutMs: 10_000, callbackMs: 30_000 };
    const a = world.start('a', options);
    await world.pass(40_000);
    const b = world.start('b', { sessionTimeoutMs: 10_000 });
    await world.pass(70_000);
    expect(a.events).toEqual(['assigned in-0-0 in-0-1', 'revoked in-0-1']);
    expect(b.partitions).toBe('in-0-1');
  });

  test('loses everything when the group assigned without it, though the coordinator kept it', async () => {
    const world = new GroupWorld(tasks(3));
    const [a, b] = [world.start('a'), world.start('b', { sessionTimeoutMs: 300_000 })];
    await world.pass(5000);
    expect([a.partitions, b.partitions]).toEqual(['in-0-0 in-0-2', 'in-0-1']);
    b.wire.blocked.add('JoinGroup');
    const c = world.start('c');
    await world.pass(2000);
    b.wire.blocked.add('Heartbeat');
    await world.pass(100_000);
    expect(world.coordinator.memberIds).toContain(b.member.memberId);
    // Its heartbeats would have told it so; a join must not bring it back with what it had.
    b.wire.blocked.delete('JoinGroup');
    await world.pass(400);
    b.wire.blocked.clear();
    await world.pass(10_000);
    expect(b.events.filter((it) => !it.startsWith('departed'))).toEqual([
      'assigned in-0-1',
      'lost in-0-1',
      'assigned in-0-1',
    ]);
    const owners = [a, b, c].flatMap((it) => [...it.has.keys()]);
    expect(owners.toSorted()).toEqual(['in-0-0', 'in-0-1', 'in-0-2']);
  });

  test('loses everything at the heartbeat that says that the group has gone on', async () => {
    const world = new GroupWorld(tasks(3));
    const [, b] = [world.start('a'), world.start('b', { sessionTimeoutMs: 300_000 })];
    await world.pass(5000);
    b.process.stop();
    world.start('c');
    await world.pass(100_000);
    expect(world.coordinator.memberIds).toContain(b.member.memberId);
    b.process.resume();
    await world.pass(5000);
    expect(b.events).toEqual(['assigned in-0-1', 'lost in-0-1', 'assigned in-0-1']);
    expect(b.member.memberId).toBe('b-1');
  });

  test('comes back where it was after its connection broke in the middle of a join', async () => {
    const world = new GroupWorld(tasks(2));
    const a = world.start('a');
    await world.pass(5000);
    const b = world.start('b');
    await world.pass(1);
    b.wire.break();
    await world.pass(300);
    b.wire.mend();
    await world.pass(5000);
    expect([a.partitions, b.partitions]).toEqual(['in-0-0', 'in-0-1']);
  });

  test('lets a commit of its revoke end when the coordinator has forgotten it meanwhile', async () => {
    const world = new GroupWorld(tasks(2));
    const owned: boolean[] = [];
    const a = world.start('a', {
      sessionTimeoutMs: 10_000,
      onRevoked: async ({ member, wire, process }) => {
        wire.blocked.add('Heartbeat');
        await new Promise<void>((resolve) => process.after(30_000, resolve));
        wire.blocked.clear();
        member.expelled();
        await member.settled();
        owned.push(member.owns({ topic: 'in-0', partition: 1 }));
      },
    });
    await world.pass(5000);
    const b = world.start('b');
    await world.pass(60_000);
    expect(owned).toEqual([false]);
    expect(a.events.slice(1)).toEqual(['revoked in-0-1', 'lost in-0-0', 'assigned in-0-1']);
    expect(b.partitions).toBe('in-0-0');
  });

  test('leaves without a commit when it was expelled before', async () => {
    const world = new GroupWorld(tasks(1));
    const a = world.start('a', { sessionTimeoutMs: 10_000, callbackMs: 30_000 });
    await world.pass(1000);
    a.wire.blocked.add('Heartbeat');
    await world.pass(15_000);
    a.wire.blocked.clear();
    await world.pass(1000);
    await world.until(a.member.leave());
    expect(a.events).toEqual(['assigned in-0-0', 'lost in-0-0']);
  });

  test('asks the coordinator when a commit heard that it is unknown', async () => {
    const world = new GroupWorld(tasks(1));
    const a = world.start('a');
    await world.pass(5000);
    a.member.expelled();
    expect(a.member.joining).toBe(true);
    await world.until(a.member.settled());
    expect([a.member.joining, a.events.length]).toEqual([false, 1]);
  });

  test('loses everything and has it again when nobody knows what it committed', async () => {
    const world = new GroupWorld(tasks(1));
    const a = world.start('a');
    await world.pass(5000);
    a.member.restart();
    expect(a.member.owns({ topic: 'in-0', partition: 0 })).toBe(false);
    await world.pass(1000);
    expect(a.events).toEqual(['assigned in-0-0', 'lost in-0-0', 'assigned in-0-0']);
    expect([a.member.memberId, a.member.incarnation]).toEqual(['a-0', 1]);
  });

  test('has ended as soon as it hears that another process has its place', async () => {
    const world = new GroupWorld(tasks(1));
    const a = world.start('a');
    await world.pass(5000);
    const b = world.start('a');
    await world.pass(100);
    expect(b.joined).toBe(true);
    a.member.expelled();
    const ended: boolean[] = [];
    await world.until(a.member.settled().then(() => ended.push(a.member.ended)));
    expect(ended).toEqual([true]);
  });

  test('is another one as soon as it hears that the group has forgotten it', async () => {
    const world = new GroupWorld(tasks(1));
    const a = world.start('a', { sessionTimeoutMs: 10_000 });
    await world.pass(1000);
    a.wire.blocked.add('Heartbeat');
    await world.pass(15_000);
    a.wire.blocked.clear();
    a.member.expelled();
    const incarnations: number[] = [];
    await world.until(a.member.settled().then(() => incarnations.push(a.member.incarnation)));
    await world.pass(1000);
    expect([...incarnations, a.member.incarnation]).toEqual([1, 1]);
  });
});
