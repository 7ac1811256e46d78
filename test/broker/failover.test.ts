import { expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { requireCluster } from './harness/require.ts';
import { Lab } from './lab.ts';

const cluster = requireCluster({ brokers: 3, separateController: true });

test('transactions and reads go on when brokers die and come back, one after the other', async () => {
  const lab = await Lab.open(cluster().brokers);
  const member = await lab.join();
  const producer = await lab.producer();
  const abort = new AbortController();
  const committed: string[] = [];
  const committing = (async () => {
    for (let i = 0; !abort.signal.aborted; i++) {
      for (;;) {
        try {
          await producer.commit(lab.transaction(`v${i}`, i, [0, 1]), member);
          break;
        } catch (error) {
          // What the engine does: the same batches again.
          expect(error).toMatchObject({ code: 'TRANSACTION_ABORTED' });
        }
      }
      committed.push(`v${i}`);
    }
  })();
  const read: string[] = [];
  const reading = (async () => {
    let offset = 0;
    while (!abort.signal.aborted) {
      const here = [{ topic: lab.topic, partition: 0, offset }];
      await lab.log.awaitRecords(here, 500, abort.signal);
      const { values, next } = await lab.read(here[0]!);
      read.push(...values);
      offset = next;
    }
  })();
  for (const id of [1, 2, 3]) {
    const before = committed.length;
    await cluster().node(id).kill();
    await eventually(
      `commits go on without broker ${id}`,
      async () => (committed.length > before + 10 ? true : undefined),
      60_000,
    );
    await cluster().node(id).start();
    await eventually(`broker ${id} is back`, () => inSync(lab), 60_000);
  }
  abort.abort();
  await committing;
  await reading;
  const values = await lab.values(0);
  expect(values).toEqual(committed);
  expect(await lab.values(1)).toEqual(committed);
  expect(read).toEqual(committed.slice(0, read.length));
  expect(read.length).toBeGreaterThan(30);
  expect(await lab.position()).toBe(committed.length - 1);
  await member.leave();
  await lab.close();
}, 240_000);

/** True as soon as all copies of all partitions are in sync, also of the brokers' own topics. */
async function inSync(lab: Lab): Promise<true | undefined> {
  const names = [lab.topic, '__consumer_offsets', '__transaction_state'];
  const topics = await lab.wire.topics(names, true);
  const partitions = names.flatMap((name) => topics.get(name)?.partitions ?? []);
  return partitions.every((it) => it.inSync.length === it.replicas.length) ? true : undefined;
}
