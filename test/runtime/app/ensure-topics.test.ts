import { describe, expect, test } from 'vitest';
import { ensureTopics } from '../../../runtime/app/ensure-topics.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import { planOf } from '../../topology/plan/small-plan.ts';
import { realClock } from '../log-harness.ts';
import { definitionOf } from '../topology.ts';

const text = 'key: string, value: string, format: string';

/** A topology of one input and one output. */
function passing(input: string): ReturnType<typeof planOf> {
  return planOf(
    definitionOf(`
application: pass
streams:
  said: { topic: said, ${text}${input} }
  loud: { topic: loud, ${text} }
stages:
  pass: { from: said, to: loud }
`),
  );
}

describe('ensureTopics on a shared log', () => {
  test('refuses an input that is missing, and creates nothing', async () => {
    const log = new MemoryLog({ clock: realClock });
    const placeOf = (): string => 'pass.yaml:4:3';
    await expect(ensureTopics(passing(''), log, { shared: true, placeOf })).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'TOPIC_MISSING',
      message:
        'topic "said" is not there (pass.yaml:4:3): correct its name, create it, or write ' +
        '"partitions: N" for it to be created with so many',
    });
    expect(await log.admin.list()).toEqual([]);
  });

  test('creates an input of so many partitions, and outputs', async () => {
    const log = new MemoryLog({ clock: realClock });
    const counts = await ensureTopics(passing(', partitions: 3'), log, { shared: true });
    expect(Object.fromEntries(counts)).toMatchObject({ said: 3, loud: 1 });
  });
});

test('ensureTopics creates an input of one partition on a log that is the application’s own', async () => {
  const log = new MemoryLog({ clock: realClock });
  const counts = await ensureTopics(passing(''), log);
  expect(Object.fromEntries(counts)).toMatchObject({ said: 1, loud: 1 });
});
