import { KafkaContainer } from '@testcontainers/kafka';

/** Image of the shared broker where a container runtime answers; `MILLRACE_KAFKA_IMAGE` overrides it. */
const defaultImage = 'confluentinc/cp-kafka:8.0.0';

/** Settings that the broker of {@link startKafkaContainer} shares with those on Java. */
const environment = {
  KAFKA_NUM_PARTITIONS: '4',
  KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
  KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS: '4',
  KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
  KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
};

/**
 * Starts one broker in a container. Testcontainers' own watchdog removes it when this process is gone.
 * @throws Error where the image cannot be had or does not start
 */
export async function startKafkaContainer(): Promise<{
  readonly brokers: readonly string[];
  close(): Promise<void>;
}> {
  const image = process.env['MILLRACE_KAFKA_IMAGE'] ?? defaultImage;
  const container = await new KafkaContainer(image)
    .withKraft()
    .withEnvironment(environment)
    .start();
  return {
    brokers: [`${container.getHost()}:${container.getMappedPort(9093)}`],
    close: async () => {
      await container.stop();
    },
  };
}
