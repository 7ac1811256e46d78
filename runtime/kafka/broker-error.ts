import {
  ConfigError,
  type ErrorPlace,
  StreamsError,
  TaskMigratedError,
} from '../../topology/core/errors.ts';
import { codeOf, type ErrorCode } from './error-codes.ts';

/** A broker's error code that is neither the user's to change nor a loss of ownership: `kafka.reaction` says what it calls for. */
export class BrokerError extends StreamsError {
  readonly kafka: ErrorCode;

  constructor(kafka: ErrorCode, message: string, place: ErrorPlace = {}) {
    super('KAFKA_ERROR', message, { place });
    this.kafka = kafka;
  }
}

/**
 * A broker's error code as the error that it calls for. ConfigError KAFKA_REFUSED where the user must change something, KAFKA_RIGHTS where a right
 * is missing; TaskMigratedError FENCED where another one has taken over; else {@link BrokerError}.
 * @param what - what was asked for, as an infinitive: `read topic "orders"`
 */
export function refused(
  code: number,
  what: string,
  place: ErrorPlace = {},
): ConfigError | TaskMigratedError | BrokerError {
  const kafka = codeOf(code);
  const message = `Kafka refuses to ${what}: ${kafka.meaning} (${kafka.name})`;
  if (kafka.reaction === 'fenced') return new TaskMigratedError('FENCED', message, { place });
  if (kafka.reaction !== 'config') return new BrokerError(kafka, message, place);
  const right = kafka.name.endsWith('AUTHORIZATION_FAILED');
  return new ConfigError(right ? 'KAFKA_RIGHTS' : 'KAFKA_REFUSED', message, { place });
}
