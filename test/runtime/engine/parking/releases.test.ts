import { describe, expect, test } from 'vitest';
import { ParkingStory, type ParkingStep } from './parking-story.ts';

/** Turns enough for what was sent to be worked off and committed. */
const turns: ParkingStep = { do: 'turns', turns: 30 };
const bad: ParkingStep = { do: 'send', topic: 'first', key: 0, bad: [true] };
const release: ParkingStep = { do: 'release', which: 0, how: 'retry' };

async function story(...steps: readonly ParkingStep[]): Promise<ParkingStory> {
  const made = new ParkingStory({ most: 10, asynchronous: false });
  await made.begin();
  for (const it of steps) await made.do(it);
  return made;
}

describe('notes of releases', () => {
  test('are kept for a task that comes later, also where an earlier one is written again behind them', async () => {
    const made = await story(
      bad,
      turns,
      release,
      turns,
      { do: 'kill', slot: 'a' },
      release,
      turns,
      { do: 'repeat', which: 0 },
    );
    await made.calm();
    await made.check();
    // The second failure was released, and made a third one.
    expect((await made.cluster.read('letters')).map(({ value }) => String(value))).toEqual([
      'v0',
      'v0',
      'v0',
    ]);
    await made.finish();
    await made.cluster.close();
  });
});
