import { openKafkaLog } from '../../runtime/kafka/kafka-log.ts';
import { describeLogContract } from '../runtime/log-contract.ts';
import { KafkaContractLog } from './contract-log.ts';
import { requireKafka, uniqueName } from './harness/require.ts';

const kafka = requireKafka();

for (const guarantee of ['exactly-once', 'at-least-once'] as const) {
  describeLogContract(`KafkaLog, ${guarantee}`, async ({ clock }) => {
    const application = uniqueName('contract');
    const log = await openKafkaLog({
      kafka: { brokers: kafka().brokers },
      application,
      clock,
      random: Math.random,
      guarantee,
    });
    return new KafkaContractLog(log, application, guarantee);
  });
}
