import { describe, expect, test } from 'vitest';
import { commitAgain } from '../../runtime/log/commit-again.ts';
import { requireCluster } from './harness/require.ts';
import { Lab } from './lab.ts';

const cluster = requireCluster({
  settings: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': 100 },
});

describe.each([1, 2] as const)(
  'a process that stands still in a commit, protocol %i',
  (protocol) => {
    /** Stands still before the end of the next transaction, until the brokers have aborted it. */
    async function standStill(lab: Lab, meanwhile: () => Promise<unknown>): Promise<void> {
      lab.wire.tap('EndTxn', async (request, send) => {
        lab.wire.untap('EndTxn');
        await new Promise((resolve) => setTimeout(resolve, 2500));
        await meanwhile();
        return send(request);
      });
    }

    test('loses the transaction, and goes on', async () => {
      const lab = await Lab.open(cluster().brokers, { transactionTimeout: '1s' });
      const member = await lab.join();
      const producer = await lab.producer('s0', protocol);
      // Its time-out is short: a machine that is busy may abort one that nobody disturbs.
      await commitAgain(producer, lab.transaction('first', 1), member);
      await standStill(lab, async () => {});
      const second = lab.transaction('second', 2);
      await expect(producer.commit(second, member)).rejects.toMatchObject({
        code: 'TRANSACTION_ABORTED',
      });
      await commitAgain(producer, second, member);
      expect(await lab.values()).toEqual(['first', 'second']);
      expect(await lab.position()).toBe(2);
      await member.leave();
      await lab.close();
    });

    test('is fenced when another process has taken its place meanwhile', async () => {
      const lab = await Lab.open(cluster().brokers, { transactionTimeout: '1s' });
      const member = await lab.join();
      const zombie = await lab.producer('s0', protocol);
      const heir = await Lab.open(cluster().brokers, { application: lab.topic });
      let commitAsHeir = async (): Promise<unknown> => undefined;
      await standStill(lab, async () => {
        const place = await heir.join();
        const producer = await heir.producer('s0', protocol);
        commitAsHeir = () => commitAgain(producer, heir.transaction('heir', 1), place);
        await commitAsHeir();
      });
      await expect(zombie.commit(lab.transaction('zombie', 7), member)).rejects.toMatchObject({
        code: 'FENCED',
      });
      // The zombie has not fenced its heir in turn.
      await commitAsHeir();
      expect(await heir.values()).toEqual(['heir', 'heir']);
      expect(await heir.position()).toBe(1);
      await lab.close();
      await heir.close();
    });
  },
);
