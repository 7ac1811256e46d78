import type { Clock } from '../../../topology/core/clock.ts';
import { ConfigError } from '../../../topology/core/errors.ts';
import { compileKafkaOptions, type KafkaOptions } from '../kafka-options.ts';
import type { KafkaWire } from '../wire.ts';
import { WireError } from '../wire-error.ts';
import { CarrierWire } from './carrier-wire.ts';
import { kafkaJsConnector } from './kafkajs-connection.ts';

export interface WireOptions {
  readonly kafka: KafkaOptions;
  readonly clock: Clock;
}

/**
 * Connects to a Kafka cluster over KafkaJS's sockets. Resolves when one broker has answered.
 * @throws {ConfigError} for options that cannot be used, and KAFKA_BROKERS where no broker can be reached with
 *   them: what each address said
 */
export async function openWire(options: WireOptions): Promise<KafkaWire> {
  const kafka = compileKafkaOptions(options.kafka);
  const wire = new CarrierWire(kafka, kafkaJsConnector(kafka), options.clock);
  try {
    await wire.cluster();
  } catch (error) {
    await wire.close();
    if (!(error instanceof WireError)) throw error;
    throw new ConfigError('KAFKA_BROKERS', `${error.message}\ncheck brokers, tls and sasl`, {
      cause: error,
    });
  }
  return wire;
}
