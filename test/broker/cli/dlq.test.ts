import { expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { requireKafka, uniqueName } from '../harness/require.ts';
import { KafkaProject } from './kafka-project.ts';
import { Topics } from './topics.ts';

const kafka = requireKafka();

/** Numbers as text are made larger; what is none fails, until the expression is mended. */
function topology(name: string, mended: boolean): string {
  const text = 'key: string, value: string, format: string';
  const expression = mended ? 'value + "!"' : 'string(int(value)) + "!"';
  return `application: ${name}
streams:
  said: { topic: ${name}-said, ${text}, partitions: 2 }
  loud: { topic: ${name}-loud, ${text}, partitions: 2 }
stages:
  shout: { from: said, map-values: { expr: '${expression}' }, to: loud }
errors:
  default: { dead-letter: ${name}-letters }
`;
}

/** A project that has run on these words. */
async function ran(...words: readonly string[]): Promise<KafkaProject> {
  const name = uniqueName('dlq');
  const { brokers } = kafka();
  const files = { 'words.yaml': topology(name, false) };
  const project = new KafkaProject({ name, brokers, files });
  const topics = new Topics(brokers);
  await topics.create(`${name}-said`, 2);
  await topics.say(project, ...words);
  const { code, stderr } = await project.run('run', 'words.yaml', '--until-caught-up');
  expect([code, stderr]).toEqual([0, expect.stringContaining('has caught up')]);
  project.write('words.yaml', topology(name, true));
  return project;
}

test('dead letters are sent on beside the running application, once', async () => {
  const project = await ran('1', 'x', '2', 'y', 'x', 'z');
  const { name } = project;
  const listed = await project.run('dlq', 'list', 'words.yaml');
  expect(listed.stdout).toMatch(/^shout +EXPRESSION_CONVERSION +\S+-said +4 +0 /m);
  const service = await project.service();
  const sent = await project.run('dlq', 'redrive', 'words.yaml');
  expect([sent.code, sent.stderr]).toEqual([0, '4 sent on, 0 stay\n']);
  await eventually('they come out', async () => {
    const loud = await project.read(`${name}-loud`);
    return loud.length === 6 ? loud : undefined;
  });
  const loud = await project.read(`${name}-loud`);
  expect(loud.map(String).sort()).toEqual(['1!', '2!', 'x!', 'x!', 'y!', 'z!']);
  const again = await project.run('dlq', 'redrive', 'words.yaml');
  expect(again.stderr).toBe('0 sent on, 0 stay, 4 had been sent on before\n');
  service.process.kill('SIGTERM');
  await service.ended;
});

test('of two that redrive at once nothing is doubled, and a third has nothing left to do', async () => {
  const words = Array.from({ length: 40 }, (_, i) => `w${i}`);
  const project = await ran(...words);
  const redrive = ['dlq', 'redrive', 'words.yaml'];
  await Promise.all([project.run(...redrive), project.run(...redrive)]);
  await project.run(...redrive);
  const said = await project.read(`${project.name}-said`);
  expect(said.map(String).sort()).toEqual([...words, ...words].sort());
});
