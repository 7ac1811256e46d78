import { expect, test } from 'vitest';
import { RivalWatch } from '../../../../runtime/kafka/transactor/rival-watch.ts';
import { ManualClock } from '../../../../runtime/testing/manual-clock.ts';

test.each([
  ['takes the third fence within a minute of the one before for a rival', 59_999, true],
  ['takes fences a minute apart for those of heirs', 60_000, false],
])('%s', (_, apartMs, rival) => {
  const clock = new ManualClock();
  const watch = new RivalWatch(clock);
  expect(watch.fencedAgain()).toBe(false);
  clock.advanceTo(apartMs);
  expect(watch.fencedAgain()).toBe(false);
  clock.advanceTo(2 * apartMs);
  expect(watch.fencedAgain()).toBe(rival);
});
