import { expect, test } from 'vitest';
import { parseLetter, type DeadLetter } from '../../../../runtime/app/dlq/letter.ts';
import { decodeRedriven, encodeRedriven } from '../../../../runtime/app/dlq/redriven.ts';
import { decodeRelease, type Release } from '../../../../runtime/task/release.ts';

const letter = parseLetter({
  topic: 'dead',
  partition: 0,
  offset: 4,
  key: Buffer.from('k'),
  value: null,
  time: 5,
  headers: [
    ['__streams.errors.exception', Buffer.from('Error')],
    ['__streams.errors.topic', Buffer.from('said')],
    ['__streams.errors.partition', Buffer.from('1')],
    ['__streams.errors.offset', Buffer.from('7')],
  ],
}) as DeadLetter;

const release: Release = {
  task: 'run_1',
  key: Buffer.from([0, 255]),
  parked: { attempt: 2, sinceMs: 9 },
  action: 'retry',
};

test('a note is read by those who know of no releases, too', () => {
  const { key, value } = encodeRedriven(letter, { to: 'task run_1', at: 'then' }, release);
  expect(String(key)).toBe('dead/0/4');
  expect(decodeRedriven(value)).toEqual({ to: 'task run_1', at: 'then', of: 'said/1/7@5' });
  expect(JSON.parse(String(value))).toMatchObject({ version: 1, source: 'said/1/7', time: 5 });
});

test.each([
  ['as it was', {}],
  ['with a value of its own', { value: Buffer.from('new') }],
  ['as a tombstone', { value: null }],
])('a task reads in a note the release of its record %s', (_, value) => {
  const made = { ...release, ...value };
  const note = encodeRedriven(letter, { to: 'task run_1', at: 'then' }, made);
  expect(decodeRelease(note.value, note.headers)).toEqual(made);
});

test('a note of a letter that parks nothing releases nothing', () => {
  const { value, headers } = encodeRedriven(letter, { to: 'said-1', at: 'then' });
  expect(decodeRelease(value, headers)).toBeUndefined();
  expect(headers).toEqual([]);
});
