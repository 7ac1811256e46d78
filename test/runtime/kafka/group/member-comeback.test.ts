import { describe, expect, test } from 'vitest';
import { units } from './assignor/cases.ts';
import { GroupWorld } from './group-world.ts';

const slow = { callbackMs: 8000, rebalanceTimeoutMs: 20_000 };

describe('a static member that is killed while it gives up tasks', () => {
  test('has them given to others when it comes back', async () => {
    const world = new GroupWorld(units(4));
    const a = world.start('a', slow);
    await world.pass(15_000);
    const b = world.start('b', slow);
    await world.pass(5000);
    expect([a.events.at(-1), b.partitions]).toEqual(['revoked in-0-2 in-0-3', '']);
    a.process.kill();
    const again = world.start('a', slow);
    await world.pass(60_000);
    expect([again.partitions, b.partitions]).toEqual(['in-0-0 in-0-1', 'in-0-2 in-0-3']);
    expect(again.events).toEqual(['assigned in-0-0 in-0-1']);
    // One for each of both, one to hand over.
    expect(world.coordinator.rebalances).toBe(3);
  });
});
