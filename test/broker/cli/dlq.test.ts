import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseLetter } from '../../../runtime/app/dlq/letter.ts';
import { withLetterSender } from '../../../runtime/app/dlq/letter-sender.ts';
import { openKafka } from '../../../runtime/app/open-kafka.ts';
import { eventually } from '../eventually.ts';
import { requireKafka, uniqueName } from '../harness/require.ts';
import { KafkaProject, type KafkaProjectOptions } from './kafka-project.ts';
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
async function ran(
  words: readonly string[],
  more: Partial<KafkaProjectOptions> = {},
): Promise<KafkaProject> {
  const name = uniqueName('dlq');
  const { brokers } = kafka();
  const files = { 'words.yaml': topology(name, false) };
  const project = new KafkaProject({ name, brokers, files, ...more });
  const topics = new Topics(brokers);
  await topics.create(`${name}-said`, 2);
  await topics.say(project, ...words);
  const { code, stderr } = await project.run('run', 'words.yaml', '--until-caught-up');
  expect([code, stderr]).toEqual([0, expect.stringContaining('has caught up')]);
  project.write('words.yaml', topology(name, true));
  return project;
}

test('dead letters are sent on beside the running application, once', async () => {
  const project = await ran(['1', 'x', '2', 'y', 'x', 'z']);
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

test('of two that redrive at once nothing is doubled', async () => {
  const words = Array.from({ length: 40 }, (_, i) => `w${i}`);
  const project = await ran(words, { kafka: ['guarantee: at-least-once'] });
  const redrive = ['dlq', 'redrive', 'words.yaml'];
  await Promise.all([project.run(...redrive), project.run(...redrive)]);
  await project.run(...redrive);
  const said = await project.read(`${project.name}-said`);
  expect(said.map(String).sort()).toEqual([...words, ...words].sort());
});

test('a redrive that another one has overtaken writes nothing more', async () => {
  const name = uniqueName('dlq');
  const { brokers } = kafka();
  const topic = `${name}-said`;
  await new Topics(brokers).create(topic, 1);
  const stored = { topic: 'dead', partition: 0, offset: 0, time: 1, key: null };
  const exception = ['__streams.errors.exception', Buffer.from('Error')] as const;
  const value = Buffer.from('v');
  const letter = parseLetter({ ...stored, value, headers: [exception] });
  if (letter === undefined) throw new Error('it is no letter');
  const to = { topic, partition: 0 };
  const steps = [{ kind: 'send', letter, to, value }] as const;
  const logs = [
    await openKafka({ brokers }, 'tool'),
    await openKafka({ brokers }, 'tool'),
  ] as const;
  await withLetterSender(logs[0], name, async (overtaken) => {
    await overtaken.prepare();
    await withLetterSender(logs[1], name, async (sender) => {
      await sender.prepare();
      await expect(overtaken.send(steps)).rejects.toMatchObject({ code: 'FENCED' });
      await sender.send(steps);
    });
  });
  // The record, and the marker of its transaction, which may come a moment later.
  await eventually('it is committed', async () => {
    const [ends] = await logs[0].ends([to], 'committed');
    return ends?.end === 2 ? ends : undefined;
  });
  for (const log of logs) await log.close();
});

/** What is said is asked of a service, which writes down the keys; the stage behind it breaks, until it is mended. */
function asking(name: string, mended: boolean): string {
  const text = 'key: string, value: string, format: string';
  return `application: ${name}
processors: processors
schemas: schemas
streams:
  said: { topic: ${name}-said, ${text}, partitions: 2 }
  loud: { topic: ${name}-loud, ${text}, partitions: 2 }
calls:
  service: { request: ask.Request, reply: ask.Reply }
stages:
  ask:
    from: said
    call: service
    request: { word: value }
    idempotency-key: '"ask-" + key'
    timeout: 5s
    retry: { attempts: 1 }
    outcomes: { match: reply.state, GOOD: { out: good }, unknown: { out: unclear } }
    drop: [unclear]
  convert: { from: ask.good, map-values: { expr: ${mended ? 'value' : 'string(int(value))'} }, to: loud }
`;
}

test('a call whose reply failed is asked again, when the application has stopped', async () => {
  const name = uniqueName('dlq');
  const { brokers } = kafka();
  const project = new KafkaProject({
    name,
    brokers,
    files: {
      'words.yaml': asking(name, false),
      'asked.txt': '',
      'schemas/request.avsc': `{ "type": "record", "name": "ask.Request", "fields": [
        { "name": "word", "type": "string" } ] }`,
      'schemas/reply.avsc': `{ "type": "record", "name": "ask.Reply", "fields": [ { "name": "state",
        "type": { "type": "enum", "name": "ask.State", "symbols": ["GOOD"] } } ] }`,
      'processors/service.ts': `import { appendFileSync } from 'node:fs';
export async function service(request: unknown, { idempotencyKey }: { idempotencyKey: string }) {
  appendFileSync(new URL('../asked.txt', import.meta.url), idempotencyKey + '\\n');
  return { state: 'GOOD' };
}
`,
    },
  });
  const topics = new Topics(brokers);
  await topics.create(`${name}-said`, 2);
  await topics.say(project, '1', 'x');
  const catchUp = () => project.run('run', 'words.yaml', '--until-caught-up');
  expect((await catchUp()).stderr).toContain('1 of them to the dead letters');
  project.write('words.yaml', asking(name, true));
  const service = await project.service();
  const refused = await project.run('dlq', 'redrive', 'words.yaml');
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`stop "${name}"`)]);
  service.process.kill('SIGTERM');
  await service.ended;
  const sent = await project.run('dlq', 'redrive', 'words.yaml');
  expect([sent.code, sent.stderr]).toEqual([0, '1 sent on, 0 stay\n']);
  const again = await project.run('dlq', 'redrive', 'words.yaml');
  expect(again.stderr).toBe('0 sent on, 0 stay, 1 had been sent on before\n');
  await catchUp();
  expect(await project.values(`${name}-loud`)).toEqual(['1', 'x']);
  const asked = readFileSync(join(project.folder, 'asked.txt'), 'utf8').trim().split('\n');
  expect(asked.toSorted()).toEqual(['ask-1', 'ask-x', 'ask-x']);
});
