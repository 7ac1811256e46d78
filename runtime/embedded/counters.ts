import type { Environment } from './environment.ts';
import { namedKey } from './keys.ts';

/** Numbers kept in the log's environment: the last id given out. */
export type Counter = 'topic-id' | 'schema-id';

/** The counter's value, 0 at first. */
export function counter(environment: Environment, name: Counter): number {
  return environment.get(namedKey('counter', name))?.readDoubleBE(0) ?? 0;
}

/** Adds to the counter and returns its new value. Only in a transaction. */
export function addToCounter(environment: Environment, name: Counter, amount: number): number {
  const value = counter(environment, name) + amount;
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value, 0);
  environment.put(namedKey('counter', name), bytes);
  return value;
}
