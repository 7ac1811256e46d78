import { expect, test } from 'vitest';
import { inTransactions } from '../../../runtime/cli/dlq/redrive.ts';

test('dlq redrive writes in transactions on Kafka, whatever the application does', () => {
  const kafka = { brokers: ['a:1'], guarantee: 'at-least-once' } as const;
  const place = { data: 'd', where: 'w', choice: { data: 'd', kafka } };
  expect(inTransactions(place)).toEqual({
    ...place,
    choice: { data: 'd', kafka: { brokers: ['a:1'], guarantee: 'exactly-once' } },
  });
  const embedded = { data: 'd', where: 'w', choice: { data: 'd' } };
  expect(inTransactions(embedded)).toBe(embedded);
});
