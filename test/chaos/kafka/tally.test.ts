import { expect, test } from 'vitest';
import { ordersPlan } from '../open-folder.ts';
import { TimeLimit } from './lane.ts';
import { Presence } from './presence.ts';
import { taskOfInput } from './rest.ts';
import { CampaignTally } from './tally.ts';

test('Presence counts the time in which no member runs a task', () => {
  const presence = new Presence();
  presence.runs('a', ['t', 'u'], 100);
  expect(presence.unmannedMs('t', 150)).toBe(0);
  presence.runs('a', ['u'], 200);
  expect(presence.unmannedMs('t', 250)).toBe(50);
  presence.runs('a', [], 300);
  presence.runs('b', ['t'], 320);
  presence.runs('b', ['t'], 400);
  expect([presence.unmannedMs('t', 500), presence.unmannedMs('u', 500)]).toEqual([120, 200]);
  // One of two is enough.
  presence.runs('a', ['t'], 600);
  presence.runs('b', [], 700);
  expect(presence.unmannedMs('t', 800)).toBe(120);
});

test('CampaignTally keeps the longest pause of each input, and what of it was in nobody’s hands', () => {
  const now = performance.now();
  const tally = new CampaignTally((input) => `task of ${input}`);
  tally.presence.runs('a', ['task of in/0'], now);
  tally.committed(['in/0', 'in/1'], 1, now + 100);
  tally.presence.runs('a', [], now + 150);
  tally.presence.runs('b', ['task of in/0'], now + 250);
  tally.committed(['in/0'], 2, now + 400);
  tally.committed(['in/0', 'in/1'], 2, now + 500);
  expect(tally.pauses).toMatchObject([
    { input: 'in/1', unmannedMs: 0 },
    { input: 'in/0', unmannedMs: 100 },
  ]);
  expect(tally.pauses.map(({ forMs }) => Math.round(forMs))).toEqual([400, 300]);
  expect(tally.rebalances).toBe(1);
});

test('taskOfInput finds the task that reads an input', () => {
  expect(taskOfInput(ordersPlan())('orders-charge-repartition/2')).toBe('charge_2');
});

test('TimeLimit says what did not come in time, and how things are', async () => {
  const limit = new TimeLimit(20, () => 'member 1 is frozen');
  const late = limit.until(60_000, 'all members start', () => false);
  await expect(late).rejects.toThrow(/^all members start: not in \d+ ms; member 1 is frozen$/);
  const never = limit.within(60_000, 'everything is loaded', new Promise(() => {}));
  await expect(never).rejects.toThrow(/^everything is loaded: not in 0 ms; member 1 is frozen$/);
});
