import { describe, expect, test } from 'vitest';
import { verdictOf } from '../../../processors/orders/mail/verdict.ts';

const before = { begun: false, aborted: false };
const under = { begun: true, aborted: false };
const failure = (fields: object): Error => Object.assign(new Error('it broke'), fields);

describe('verdictOf', () => {
  test.each([
    ['MAIL FROM', 'refused'],
    ['RCPT TO', 'refused'],
    ['DATA', 'refused'],
    ['AUTH PLAIN', 'failed'],
    ['CONN', 'failed'],
  ])('takes 5xx to %s as %s', (command, kind) => {
    const error = failure({ command, responseCode: 550, response: '550 no' });
    expect(verdictOf(error, before)).toMatchObject({ kind });
  });

  test.each([
    ['a 4xx before the letter', { command: 'RCPT TO', responseCode: 450 }, before, 'not-sent'],
    ['a 4xx after the letter', { command: 'DATA', responseCode: 451 }, under, 'not-sent'],
    ['a wrong password', { command: 'AUTH PLAIN', responseCode: 535 }, before, 'not-sent'],
    ['a break before the letter', { code: 'ECONNECTION' }, before, 'not-sent'],
    ['a break after the letter began', { code: 'ECONNECTION' }, under, 'unavailable'],
    ['a time-out before', {}, { begun: false, aborted: true }, 'not-sent'],
    ['a time-out after', {}, { begun: true, aborted: true }, 'timeout'],
  ])('takes %s', (_, error, progress, kind) => {
    expect(verdictOf(failure(error), progress)).toMatchObject({ kind: 'failed', failure: kind });
  });
});
