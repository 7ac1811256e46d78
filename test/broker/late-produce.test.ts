import { describe, expect, test } from 'vitest';
import { eventually } from './eventually.ts';
import { requireCluster } from './harness/require.ts';
import { Lab } from './lab.ts';

const cluster = requireCluster({ proxied: true });

const produceKey = 0;
const txnOffsetCommitKey = 28;

describe.each([1, 2] as const)('a Produce that comes late, protocol %i', (protocol) => {
  // The request at which the next transaction stands still meanwhile.
  test.each([
    ['before that one has written to the partition', produceKey],
    ['after that one has written to the partition', txnOffsetCommitKey],
  ])('is not taken in by the next transaction, %s', async (_, standing) => {
    const lab = await Lab.open(cluster().brokers, { transactionTimeout: '3s' });
    const proxy = cluster().proxy(1);
    const member = await lab.join();
    const producer = await lab.producer('s0', protocol);
    await producer.commit(lab.transaction('first', 1), member);

    const late = proxy.hold(({ apiKey }) => apiKey === produceKey, { limit: 1 });
    await expect(producer.commit(lab.transaction('late', 2), member)).rejects.toMatchObject({
      code: 'TRANSACTION_ABORTED',
    });

    const open = proxy.hold(({ apiKey }) => apiKey === standing, { limit: 1 });
    const second = producer.commit(lab.transaction('second', 2), member);
    await open.waitFor(1);
    const here = { topic: lab.topic, partition: 0 };
    const [before] = await lab.log.ends([here], 'uncommitted');
    late.release();
    await grown(lab, before!.end);
    open.release();
    await second;
    await producer.commit(lab.transaction('third', 3), member);

    expect(await lab.values()).toEqual(['first', 'second', 'third']);
    await member.leave();
    await lab.close();
  });
});

/** Gives the partition time to grow beyond its end: the late request has no other effect to wait for. */
async function grown(lab: Lab, end: number): Promise<void> {
  const untilMs = performance.now() + 500;
  await eventually('the request has been dealt with', async () => {
    const [now] = await lab.log.ends([{ topic: lab.topic, partition: 0 }], 'uncommitted');
    return now!.end > end || performance.now() > untilMs ? true : undefined;
  });
}
