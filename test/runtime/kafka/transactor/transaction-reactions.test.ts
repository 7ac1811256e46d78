import { describe, expect, test } from 'vitest';
import {
  Refusal,
  transactionReaction,
} from '../../../../runtime/kafka/transactor/transaction-reactions.ts';

describe('transactionReaction', () => {
  test.each([
    ['COORDINATOR_LOAD_IN_PROGRESS', 14, 'retry'],
    ['COORDINATOR_NOT_AVAILABLE', 15, 'retry'],
    ['NOT_COORDINATOR', 16, 'retry'],
    ['CONCURRENT_TRANSACTIONS', 51, 'retry'],
    ['NOT_LEADER_OR_FOLLOWER', 6, 'retry'],
    ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 20, 'retry'],
    ['ILLEGAL_GENERATION', 22, 'generation'],
    ['REBALANCE_IN_PROGRESS', 27, 'generation'],
    ['UNKNOWN_MEMBER_ID', 25, 'expelled'],
    ['FENCED_INSTANCE_ID', 82, 'expelled'],
    ['MESSAGE_TOO_LARGE', 10, 'split'],
    ['RECORD_LIST_TOO_LARGE', 18, 'split'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45, 'abort'],
    ['DUPLICATE_SEQUENCE_NUMBER', 46, 'abort'],
    ['INVALID_TXN_STATE', 48, 'abort'],
    ['TRANSACTION_ABORTABLE', 120, 'abort'],
    ['INVALID_PRODUCER_EPOCH', 47, 'fenced'],
    ['PRODUCER_FENCED', 90, 'fenced'],
    ['TOPIC_AUTHORIZATION_FAILED', 29, 'refused'],
    ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 53, 'refused'],
    ['UNKNOWN_SERVER_ERROR', -1, 'refused'],
    ['a code of a newer broker', 9999, 'refused'],
  ])('of %s (%i) is %s', (_, code, reaction) => {
    expect(transactionReaction(code)).toBe(reaction);
  });
});

test('a Refusal gives the error for whoever asked', () => {
  const { error } = new Refusal(29, 'append to topic "t"', { topic: 't', partition: 1 });
  expect(error).toMatchObject({
    name: 'ConfigError',
    code: 'KAFKA_RIGHTS',
    place: { topic: 't', partition: 1 },
  });
});

test.each([
  [29, { topic: 't', partition: 1 }, 'Write on topic "t"'],
  [29, {}, 'Read on the topics that are read, and Write on those that are written'],
  [30, {}, 'Read on the group'],
  [31, {}, 'IdempotentWrite on the cluster'],
  [53, {}, 'Write on the transactional id'],
])('a Refusal with code %i names the right that is missing, %o', (code, place, right) => {
  expect(new Refusal(code, 'write', place).error.message).toMatch(
    new RegExp(`\\); it needs ${right}$`),
  );
});
