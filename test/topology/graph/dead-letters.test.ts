import { describe, expect, test } from 'vitest';
import { define, end, messages, problemsOf, stream } from './small.ts';

const stages = { a: end('orders') };

describe('a topic for dead letters', () => {
  test('is refused if it holds the records of a stream', () => {
    const errors = { default: { deadLetter: 'shop.Orders' } };
    expect(problemsOf(define({ stages, errors }))).toEqual([
      {
        code: 'E075',
        severity: 'error',
        message: 'dead letters are raw bytes: topic "shop.Orders" holds the records of "orders"',
        path: ['errors', 'default', 'deadLetter'],
        suggestion: 'choose another topic',
        notes: [{ message: '"orders" is declared here', path: ['streams', 'orders', 'topics', 0] }],
      },
    ]);
  });

  test('is refused for a stage, too', () => {
    const failing = { ...end('orders'), errors: { deadLetter: 'shop.Orders' } };
    const [problem] = problemsOf(define({ stages: { a: failing } }));
    expect(problem?.path).toEqual(['stages', 'a', 'errors', 'deadLetter']);
  });

  test('is refused if a stream takes the one that is used without a policy', () => {
    const streams = { failed: stream('shop.Paid', { topics: ['app-dead-letters'] }) };
    const [problem] = problemsOf(define({ streams, stages: { ...stages, b: end('failed') } }));
    expect(problem?.path).toEqual(['streams', 'failed', 'topics', 0]);
    expect(problem?.notes).toBeUndefined();
  });

  test('is refused if it is internal', () => {
    const errors = { default: { deadLetter: 'app-control' } };
    expect(messages(define({ stages, errors }))).toEqual([
      'E075 topic "app-control" belongs to Millrace itself: choose another',
    ]);
  });

  test('may be declared as a stream of bytes', () => {
    const streams = { failed: stream('bytes', { topics: ['failed'], format: 'bytes' }) };
    const errors = { default: { deadLetter: 'failed' } };
    expect(messages(define({ streams, stages: { ...stages, b: end('failed') }, errors }))).toEqual(
      [],
    );
  });

  test('is taken where it is nothing else', () => {
    expect(messages(define({ stages, errors: { default: { deadLetter: 'failed' } } }))).toEqual([]);
  });
});
