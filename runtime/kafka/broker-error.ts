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

/** What is known of a refusal beside its code. */
export interface Refusal extends ErrorPlace {
  /** What the broker said in its own words. */
  readonly said?: string | null;
  /** The right that is needed where one is missing: `Write on topic "orders"`. */
  readonly right?: string;
}

/**
 * A broker's error code as the error that it calls for. ConfigError KAFKA_REFUSED where the user must change something, KAFKA_RIGHTS where a right
 * is missing; TaskMigratedError FENCED where another one has taken over; else {@link BrokerError}.
 * @param what - what was asked for, as an infinitive: `read topic "orders"`
 */
export function refused(
  code: number,
  what: string,
  { said, right, ...place }: Refusal = {},
): ConfigError | TaskMigratedError | BrokerError {
  const kafka = codeOf(code);
  const words = said === undefined || said === null || said === '' ? '' : `: ${said}`;
  const message = `Kafka refuses to ${what}: ${kafka.meaning} (${kafka.name})${words}`;
  if (kafka.reaction === 'fenced') return new TaskMigratedError('FENCED', message, { place });
  if (kafka.reaction !== 'config') return new BrokerError(kafka, message, place);
  if (!kafka.name.endsWith('AUTHORIZATION_FAILED')) {
    return new ConfigError('KAFKA_REFUSED', message, { place });
  }
  const needed = right === undefined ? '' : `; it needs ${right}`;
  return new ConfigError('KAFKA_RIGHTS', `${message}${needed}`, { place });
}
