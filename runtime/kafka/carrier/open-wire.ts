import type { Clock } from '../../../topology/core/clock.ts';
import { compileKafkaOptions, type KafkaOptions } from '../kafka-options.ts';
import type { KafkaWire } from '../wire.ts';
import { CarrierWire } from './carrier-wire.ts';
import { kafkaJsConnector } from './kafkajs-connection.ts';

export interface WireOptions {
  readonly kafka: KafkaOptions;
  readonly clock: Clock;
}

/**
 * Connects to a Kafka cluster over KafkaJS's sockets. Resolves when one broker has answered.
 * @throws {ConfigError} for options that cannot be used, and where no broker can be reached with
 *   them: what each address said
 */
export async function openWire(options: WireOptions): Promise<KafkaWire> {
  const kafka = compileKafkaOptions(options.kafka);
  const connector = kafkaJsConnector({
    clientId: kafka.clientId,
    ssl: kafka.ssl,
    sasl: kafka.sasl,
  });
  const wire = new CarrierWire(kafka, connector, options.clock);
  try {
    await wire.start();
  } catch (error) {
    await wire.close();
    throw error;
  }
  return wire;
}
