import { describe, expect, test } from 'vitest';
import { refused } from '../../../runtime/kafka/broker-error.ts';
import { codeOf } from '../../../runtime/kafka/error-codes.ts';

describe('codeOf', () => {
  test.each([
    [-1, 'UNKNOWN_SERVER_ERROR', 'fatal'],
    [3, 'UNKNOWN_TOPIC_OR_PARTITION', 'refresh-metadata'],
    [6, 'NOT_LEADER_OR_FOLLOWER', 'refresh-metadata'],
    [14, 'COORDINATOR_LOAD_IN_PROGRESS', 'retry'],
    [16, 'NOT_COORDINATOR', 'refind-coordinator'],
    [22, 'ILLEGAL_GENERATION', 'rejoin'],
    [47, 'INVALID_PRODUCER_EPOCH', 'fenced'],
    [48, 'INVALID_TXN_STATE', 'abort'],
    [51, 'CONCURRENT_TRANSACTIONS', 'retry'],
    [53, 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'config'],
    [82, 'FENCED_INSTANCE_ID', 'fenced'],
    [88, 'UNSTABLE_OFFSET_COMMIT', 'retry'],
    [90, 'PRODUCER_FENCED', 'fenced'],
    [120, 'TRANSACTION_ABORTABLE', 'abort'],
  ])('knows %i as %s: %s', (code, name, reaction) => {
    expect(codeOf(code)).toMatchObject({ code, name, reaction });
  });

  test('takes a code that it does not know for fatal', () => {
    expect(codeOf(999)).toEqual({
      code: 999,
      name: 'ERROR_999',
      reaction: 'fatal',
      meaning: 'the broker is newer than this and says something unknown',
    });
  });
});

describe('refused', () => {
  const what = 'read topic "orders"';
  const place = { topic: 'orders' };

  test('is a ConfigError with the right that is missing', () => {
    expect(refused(29, what, { ...place, right: 'Read on topic "orders"' })).toMatchObject({
      name: 'ConfigError',
      code: 'KAFKA_RIGHTS',
      place,
      message:
        'Kafka refuses to read topic "orders": the user has no right to this on the topic ' +
        '(TOPIC_AUTHORIZATION_FAILED); it needs Read on topic "orders"',
    });
  });

  test('is a ConfigError with what the broker said, where the user must change something', () => {
    expect(refused(40, what, { said: 'no such key' })).toMatchObject({
      name: 'ConfigError',
      code: 'KAFKA_REFUSED',
      message:
        'Kafka refuses to read topic "orders": the broker does not take this setting ' +
        '(INVALID_CONFIG): no such key',
    });
  });

  test('is a TaskMigratedError where another one has taken over', () => {
    expect(refused(90, what, place)).toMatchObject({
      name: 'TaskMigratedError',
      code: 'FENCED',
      place,
    });
  });

  test('is a BrokerError with the reaction otherwise', () => {
    expect(refused(6, what, place)).toMatchObject({
      name: 'BrokerError',
      code: 'KAFKA_ERROR',
      kafka: { name: 'NOT_LEADER_OR_FOLLOWER', reaction: 'refresh-metadata' },
      place,
    });
  });
});
