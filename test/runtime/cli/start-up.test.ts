import { expect, test } from 'vitest';
import { cli } from './cli.ts';
import { projects } from './project.ts';

const project = projects();

/** Prints, at the end, which packages of a list were loaded. */
const spy = `data:text/javascript,
import { createRequire } from 'node:module';
const { cache } = createRequire(process.cwd() + '/');
process.on('exit', () => {
  const loaded = ['kafkajs', 'lmdb', 'snappy', 'lz4-napi'].filter((name) =>
    Object.keys(cache).some((file) => file.includes('/node_modules/' + name + '/')));
  process.stderr.write('loaded: ' + loaded.join(' ') + String.fromCharCode(10));
});`;
const env = { NODE_OPTIONS: `--import "${spy.replaceAll('\n', ' ').replaceAll("'", '%27')}"` };

const topology = `application: copy
streams:
  a: { topic: a, key: string, value: string, format: string, partitions: 1 }
  b: { topic: b, key: string, value: string, format: string, partitions: 1 }
stages:
  copy: { from: a, to: b }
`;

test('a check loads no client of Kafka', async () => {
  const cwd = project({ 'copy.yaml': topology });
  const result = await cli(['check', 'copy.yaml'], { cwd, env });
  expect(result).toMatchObject({ code: 0, stderr: 'loaded: lmdb\n' });
});

test('a run on the embedded log loads no client of Kafka', async () => {
  const cwd = project({ 'copy.yaml': topology });
  const { code, stderr } = await cli(['run', 'copy.yaml', '--until-caught-up'], { cwd, env });
  expect(stderr).toContain('loaded: lmdb\n');
  expect(code).toBe(0);
});
