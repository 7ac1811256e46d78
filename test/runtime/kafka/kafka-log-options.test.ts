import { describe, expect, test } from 'vitest';
import {
  compileKafkaLogOptions,
  type KafkaLogOptions,
} from '../../../runtime/kafka/kafka-log-options.ts';
import { ManualClock } from '../../../runtime/testing/manual-clock.ts';

const least: KafkaLogOptions = {
  kafka: { brokers: ['localhost:9092'] },
  application: 'shop',
  clock: new ManualClock(),
  random: () => 0,
};

describe('compileKafkaLogOptions', () => {
  test('fills in the defaults', () => {
    expect(compileKafkaLogOptions(least)).toEqual({
      guarantee: 'exactly-once',
      compression: 'none',
      transactionTimeoutMs: 10_000,
      patienceMs: 300_000,
    });
  });

  test('takes what is given', () => {
    expect(
      compileKafkaLogOptions({
        ...least,
        guarantee: 'at-least-once',
        compression: 'zstd',
        transactionTimeout: '30s',
        patience: 5000,
      }),
    ).toEqual({
      guarantee: 'at-least-once',
      compression: 'zstd',
      transactionTimeoutMs: 30_000,
      patienceMs: 5000,
    });
  });

  test.each([
    [
      { guarantee: 'at-most-once' },
      'OPTION_GUARANTEE',
      'guarantee "at-most-once" is none: use exactly-once or at-least-once',
    ],
    [
      { compression: 'brotli' },
      'OPTION_COMPRESSION',
      'compression "brotli" is none: use none, gzip, snappy, lz4, zstd',
    ],
    [
      { transactionTimeout: 'soon' },
      'OPTION_DURATION',
      'transactionTimeout is "soon", which is no duration: write it like 250ms, 5s, 1m30s, 24h or 7d',
    ],
  ])('refuses %o', (more, code, message) => {
    expect(() => compileKafkaLogOptions({ ...least, ...more } as KafkaLogOptions)).toThrowError(
      expect.objectContaining({ name: 'ConfigError', code, message }) as Error,
    );
  });
});
