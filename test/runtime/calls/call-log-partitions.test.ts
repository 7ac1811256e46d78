import { expect, test } from 'vitest';
import { ensureTopics } from '../../../runtime/app/ensure-topics.ts';
import { MemoryLog } from '../../../runtime/memory/memory-log.ts';
import type { Plan } from '../../../topology/plan/plan.ts';
import { realClock } from '../log-harness.ts';
import { Provider, startCharging } from './payments.ts';

const name = 'pay-charge-calls';

async function chargePlan(): Promise<Plan> {
  const driver = await startCharging({}, new Provider(), { partitions: 4 });
  await driver.close();
  return driver.plan;
}

test('a call log that was left with another number of partitions is written as it is', async () => {
  const log = new MemoryLog({ clock: realClock });
  await log.admin.create({ name, partitions: 2, cleanup: 'delete', retention: 'forever' });
  const plan = await chargePlan();
  expect(plan.topics.get(name)?.partitions).toBe(4);
  expect((await ensureTopics(plan, log)).get(name)).toBe(2);
});

test('a call log that is compacted is refused: outcomes would be lost', async () => {
  const log = new MemoryLog({ clock: realClock });
  await log.admin.create({ name, partitions: 4, cleanup: 'compact', retention: 'forever' });
  await expect(ensureTopics(await chargePlan(), log)).rejects.toMatchObject({
    code: 'TOPIC_MISMATCH',
    message:
      `topic "${name}" is compacted, but application "pay" keeps what became of its calls in it: ` +
      'some of that would be lost; set cleanup.policy=delete',
  });
});
