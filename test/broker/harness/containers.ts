import { KafkaContainer } from '@testcontainers/kafka';
import { GenericContainer, Wait } from 'testcontainers';
import { registryVersion } from './artifacts.ts';
import { registryPath } from './registry.ts';

/** Image of the shared broker where a container runtime answers; `MILLRACE_KAFKA_IMAGE` overrides it. */
const defaultImage = 'confluentinc/cp-kafka:8.0.0';

/** Image of the shared registry; `MILLRACE_REGISTRY_IMAGE` overrides it. */
const registryImage = `apicurio/apicurio-registry-mem:${registryVersion}`;

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

/**
 * Starts one schema registry in a container, in memory. Testcontainers' own watchdog removes it when
 * this process is gone.
 * @throws Error where the image cannot be had or does not start
 */
export async function startRegistryContainer(): Promise<{
  readonly url: string;
  close(): Promise<void>;
}> {
  const container = await new GenericContainer(
    process.env['MILLRACE_REGISTRY_IMAGE'] ?? registryImage,
  )
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forHttp('/health/ready', 8080))
    .withStartupTimeout(180_000)
    .start();
  return {
    url: `http://${container.getHost()}:${container.getMappedPort(8080)}${registryPath}`,
    close: async () => {
      await container.stop();
    },
  };
}
