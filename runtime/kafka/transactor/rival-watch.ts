import type { Clock } from '../../../topology/core/clock.ts';

/** Fences further apart than this have nothing to do with each other, ms. */
const apartMs = 60_000;
/** So many in a row are another process at work: an heir fences a member once. */
const most = 3;

/**
 * Tells whether another process uses the same transactional id, for a member that has no instance id by which the group could tell. Two such processes fence each
 * other in turns: the one that was fenced first comes to the limit first, and the other one stays.
 */
export class RivalWatch {
  private readonly clock: Clock;
  private lastMs = -Infinity;
  private inRow = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The producer was fenced though its member is in the group. True: that was once too often. */
  fencedAgain(): boolean {
    const now = this.clock.monotonic();
    this.inRow = now - this.lastMs < apartMs ? this.inRow + 1 : 1;
    this.lastMs = now;
    return this.inRow >= most;
  }
}
