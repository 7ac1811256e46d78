import { describe, expect, test } from 'vitest';
import type { KafkaMembership } from '../../runtime/kafka/group/kafka-membership.ts';
import type { KafkaTransactor } from '../../runtime/kafka/transactor/kafka-transactor.ts';
import { commitAgain } from '../../runtime/log/commit-again.ts';
import type { Transaction } from '../../runtime/ports.ts';
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

    describe('outside of any group', () => {
      function outside(lab: Lab): Promise<KafkaMembership> {
        const nothing = async (): Promise<void> => {};
        return lab.log.join(
          { group: lab.topic, topics: [], slot: 's0' },
          { assigned: nothing, revoked: nothing, lost: nothing },
        );
      }

      function only(lab: Lab, value: string): Transaction {
        return { appends: [lab.append(value)], positions: [] };
      }

      test('goes on, each record once, however often', async () => {
        const lab = await Lab.open(cluster().brokers, { transactionTimeout: '1s' });
        const member = await outside(lab);
        const producer = await lab.producer('s0', protocol);
        await commitAgain(producer, only(lab, 'first'), member);
        for (const value of ['second', 'third']) {
          await standStill(lab, async () => {});
          await commitAgain(producer, only(lab, value), member);
        }
        await commitAgain(producer, only(lab, 'fourth'), member);
        expect(await lab.values()).toEqual(['first', 'second', 'third', 'fourth']);
        await lab.close();
      });

      test.each([0, 1, 2])(
        'is fenced by one that has opened its id meanwhile, and committed %i times',
        async (commits) => {
          const lab = await Lab.open(cluster().brokers, { transactionTimeout: '1s' });
          const member = await outside(lab);
          const producer = await lab.producer('s0', protocol);
          await commitAgain(producer, only(lab, 'first'), member);
          const rival = await Lab.open(cluster().brokers, { application: lab.topic });
          const place = await outside(rival);
          let rivals: KafkaTransactor | undefined;
          await standStill(lab, async () => {
            rivals = await rival.producer('s0', protocol);
            for (let i = 0; i < commits; i++) await rivals.commit(only(rival, 'rival'), place);
          });
          await expect(commitAgain(producer, only(lab, 'second'), member)).rejects.toMatchObject({
            code: 'FENCED',
          });
          // It has not been fenced in turn.
          await rivals?.commit(only(rival, 'last'), place);
          const rivalValues = Array.from({ length: commits }, () => 'rival');
          expect(await rival.values()).toEqual(['first', ...rivalValues, 'last']);
          await lab.close();
          await rival.close();
        },
      );
    });
  },
);
