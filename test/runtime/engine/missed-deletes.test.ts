import { expect, test } from 'vitest';
import { plain } from '../codec/records.ts';
import { EngineBench } from './bench.ts';

const day = 86_400_000;

const topology = (global: string): string => `
application: names
streams:
  asked:   { topic: asked, key: string, value: string, format: string, partitions: 1, cleanup: compact }
  answers: { topic: answers, key: string, value: string, format: string, partitions: 1 }
tables:
  names: { topic: names, key: string, value: string, format: string, partitions: 1, cleanup: compact${global} }
stages:
  look-up: { from: asked, join: { with: names, kind: left, ${global === '' ? '' : 'on: key,'} expr: 'right == null ? "none" : right' }, to: answers }
`;

test.each([
  ['a global table', ', global: true'],
  ['a table', ''],
])('%s loses rows whose deletes were compacted away while it was down', async (_, global) => {
  const bench = new EngineBench(topology(global));
  await bench.append('names', plain('a', 'Ann', 1), plain('b', 'Bob', 1));
  await bench.start();
  await bench.settle();
  bench.assembled?.engine.kill();
  await bench.append('names', plain('a', null, 2));
  const filler = Array.from({ length: 1100 }, () => plain('filler', 'x'.repeat(1000), 3));
  await bench.append('names', ...filler);
  await bench.log.maintain(0);
  await bench.append('names', ...filler);
  await bench.log.maintain(8 * day);
  expect((await bench.read('names')).map(({ key }) => String(key))).toEqual(['b', 'filler']);
  await bench.start();
  await bench.append('asked', plain('a', '?', 4), plain('b', '?', 4));
  await bench.settle();
  expect((await bench.read('answers')).map(({ value }) => String(value))).toEqual(['none', 'Bob']);
});
