import { Kafka, type KafkaConfig, logLevel, type Producer } from 'kafkajs';

/** A silent KafkaJS client: what tests of the harness and oracles of other tests speak with. */
export function kafkaJs(
  brokers: readonly string[],
  config: Partial<Omit<KafkaConfig, 'brokers'>> = {},
): Kafka {
  return new Kafka({ ...config, brokers: [...brokers], logLevel: logLevel.NOTHING });
}

/** Creates a topic. */
export async function createTopic(
  kafka: Kafka,
  topic: string,
  numPartitions = 1,
  replicationFactor = -1,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor }] });
  } finally {
    await admin.disconnect();
  }
}

/** A producer that writes values into one partition, acknowledged by all replicas. */
export async function valueProducer(
  kafka: Kafka,
  topic: string,
): Promise<{ readonly producer: Producer; readonly send: (...values: string[]) => Promise<void> }> {
  const producer = kafka.producer();
  await producer.connect();
  const send = async (...values: string[]): Promise<void> => {
    await producer.send({ topic, messages: values.map((value) => ({ value, partition: 0 })) });
  };
  return { producer, send };
}

/** The first `count` values of a topic. The test's own time-out ends a wait in vain. */
export async function readValues(
  kafka: Kafka,
  topic: string,
  count: number,
  groupId: string,
): Promise<string[]> {
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    const values: string[] = [];
    await new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          values.push(String(message.value));
          if (values.length === count) resolve();
        },
      });
    });
    return values;
  } finally {
    await consumer.disconnect();
  }
}
