import * as fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Releases } from '../../../../runtime/engine/releases.ts';
import { HeldRecords } from '../../../../runtime/task/parking/held-records.ts';
import { ParkedKeys } from '../../../../runtime/task/parking/parked-keys.ts';
import { memberStep } from '../restless-members.ts';
import { keys, ParkingStory, type ParkingStep, topics } from './parking-story.ts';

const weighted = (weight: number, arbitrary: fc.Arbitrary<ParkingStep>) => ({ weight, arbitrary });
const step: fc.Arbitrary<ParkingStep> = fc.oneof(
  weighted(
    8,
    fc.record({
      do: fc.constant('send'),
      topic: fc.constantFrom(...topics),
      key: fc.nat(keys.length - 1),
      bad: fc.array(
        fc.nat(3).map((it) => it === 0),
        { minLength: 1, maxLength: 6 },
      ),
    }),
  ),
  weighted(3, fc.record({ do: fc.constant('mend'), which: fc.nat() })),
  weighted(
    8,
    fc.record({
      do: fc.constant('release'),
      which: fc.nat(),
      how: fc.constantFrom('retry', 'retry', 'discard', 'value'),
    }),
  ),
  weighted(1, fc.record({ do: fc.constant('repeat'), which: fc.nat() })),
  weighted(14, memberStep),
);

const property = (options: { readonly asynchronous: boolean; readonly standbys: number }) =>
  fc.asyncProperty(
    fc.integer({ min: 1, max: 12 }),
    fc.array(step, { minLength: 5, maxLength: 60 }),
    async (most, steps) => {
      const story = new ParkingStory({ most, ...options });
      await story.begin();
      for (const it of steps) {
        await story.do(it);
        await story.cluster.turn();
        story.checkBound();
      }
      await story.calm();
      await story.check();
      await story.finish();
      await story.cluster.close();
    },
  );

describe('an application whose records park their keys', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test.each([
    { asynchronous: false, standbys: 0 },
    { asynchronous: true, standbys: 1 },
  ])(
    'shows each key to its stage in order, each record once, whatever happens: %o',
    async (options) => {
      await fc.assert(property(options), { numRuns: 300 });
    },
    120_000,
  );

  test.each([
    [
      'records of parked keys pass',
      () => vi.spyOn(ParkedKeys.prototype, 'of').mockReturnValue(undefined),
    ],
    ['an abort forgets notes', () => vi.spyOn(HeldRecords.prototype, 'aborted').mockReturnValue()],
    [
      'a task that comes hears of no notes',
      () => vi.spyOn(Releases.prototype, 'opened').mockReturnValue(),
    ],
    [
      'the room is not looked at',
      () => vi.spyOn(HeldRecords.prototype, 'room').mockReturnValue(100),
    ],
  ])(
    'is found out where %s',
    async (_, sabotage) => {
      sabotage();
      const broken = property({ asynchronous: false, standbys: 0 });
      const { failed } = await fc.check(broken, { numRuns: 2000, endOnFailure: true });
      expect(failed).toBe(true);
    },
    120_000,
  );
});
