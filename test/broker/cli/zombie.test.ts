import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { runTool } from '../harness/kafka-tools.ts';
import { requireJava, requireKafka, uniqueName } from '../harness/require.ts';
import { KafkaProject } from './kafka-project.ts';
import { Oracle } from './oracle.ts';
import { Topics } from './topics.ts';

requireJava();
const kafka = requireKafka();
const nodeModules = fileURLToPath(new URL('../../../node_modules', import.meta.url));
const patienceMs = 120_000;
let oracle: Oracle | undefined;

afterEach(() => oracle?.close());

/** Each word is asked about; and every fifth of a second there is a beat. */
const files = (name: string): Readonly<Record<string, string>> => ({
  'words.yaml': `application: ${name}
processors: processors
schemas: schemas
streams:
  said: { topic: ${name}-said, key: string, value: string, format: string, partitions: 1 }
  answers: { topic: ${name}-answers, key: string, value: string, format: string, partitions: 1 }
  beats: { topic: ${name}-beats, key: string, value: string, format: string, partitions: 1 }
calls:
  oracle: { request: ask.Request, reply: ask.Reply }
stages:
  ask:
    from: said
    call: oracle
    request: { word: value }
    idempotency-key: key
    timeout: 10m
    outcomes:
      match: reply.state
      DONE: { out: done, map: 'value + " by " + reply.by' }
      unknown: { out: lost }
    drop: [lost]
  publish: { from: ask.done, to: answers }
  beat:
    in: { word: { from: said } }
    process: beat
    punctuate: { tick: { every: 200ms, by: wall-clock } }
    out: { beat: { key: string, value: string } }
  tell: { from: beat.beat, to: beats }
`,
  'schemas/request.avsc': `{ "type": "record", "name": "ask.Request", "fields": [{ "name": "word", "type": "string" }] }`,
  'schemas/reply.avsc': `{ "type": "record", "name": "ask.Reply", "fields": [
    { "name": "state", "type": { "type": "enum", "name": "ask.State", "symbols": ["DONE"] } },
    { "name": "by", "type": "string" }] }`,
  'processors/oracle.ts': `export async function oracle(_request: unknown, { idempotencyKey, signal }: any) {
  const headers = { 'idempotency-key': idempotencyKey };
  const body = process.env['MEMBER'];
  const response = await fetch(process.env['ORACLE']!, { method: 'POST', headers, body, signal });
  return response.json();
}
`,
  'processors/beat.ts': `import { ignoreElements, map } from 'rxjs';

export function beat({ word, tick }: any, context: any) {
  const of = ({ time }: any) => context.record({ key: 'beat', value: process.env['MEMBER'], time });
  return { beat: tick.pipe(map(of)), effects: word.pipe(ignoreElements()) };
}
`,
});

/** A member with a data folder of its own, that says who it is in all it writes. */
function member(application: string, name: string): KafkaProject {
  const project = new KafkaProject({
    name: application,
    brokers: kafka().brokers,
    kafka: ['session-timeout: 6s', 'heartbeat-interval: 500ms'],
    env: { MEMBER: name, ORACLE: oracle?.url ?? '' },
    files: files(application),
  });
  symlinkSync(nodeModules, join(project.folder, 'node_modules'));
  return project;
}

test('a process that was paused past its time-out wakes, and commits neither its beat nor its answer', async () => {
  oracle = await Oracle.start();
  const spoken = oracle;
  const name = uniqueName('zombie');
  const topics = new Topics(kafka().brokers);
  const [first, second] = [member(name, 'first'), member(name, 'second')];
  const beats = (): Promise<string[]> => first.values(`${name}-beats`, 'as they are');

  const zombie = await first.service();
  await eventually('it beats', async () => (await beats()).length > 0 || undefined, patienceMs);
  const heir = await second.service();
  spoken.hush();
  await topics.say(first, 'one');
  await eventually('it is asked', async () => spoken.asked.length > 0 || undefined, patienceMs);
  zombie.process.kill('SIGSTOP');
  try {
    // Its answer lies in its socket from now on, and a beat is due.
    spoken.speak();
    await eventually(
      'the other one has taken over',
      async () => (await beats()).includes('second') || undefined,
      patienceMs,
    );
    await eventually(
      'the other one has its answer',
      async () => (await second.values(`${name}-answers`)).length > 0 || undefined,
      patienceMs,
    );
  } finally {
    zombie.process.kill('SIGCONT');
  }
  await topics.say(first, 'two');
  await eventually(
    'life goes on',
    async () => (await second.values(`${name}-answers`)).length > 1 || undefined,
    patienceMs,
  );
  // Awake again, it is a member that has nothing to do, until the other one leaves.
  heir.process.kill('SIGTERM');
  expect((await heir.ended).code).toBe(0);
  await topics.say(first, 'three');
  await eventually(
    'it works again',
    async () => (await first.values(`${name}-answers`)).length > 2 || undefined,
    patienceMs,
  );
  zombie.process.kill('SIGTERM');
  expect((await zombie.ended).code).toBe(0);

  const read = (topic: string, count: number): Promise<string[]> =>
    runTool('console-consumer', kafka().brokers, [
      ...`--topic ${name}-${topic} --from-beginning --isolation-level read_committed`.split(' '),
      ...`--max-messages ${count}`.split(' '),
    ]);
  expect(await read('answers', 3)).toEqual(['one by second', 'two by second', 'three by first']);
  const all = await read('beats', (await beats()).length);
  expect(spans(all)).toEqual(['first', 'second', 'first']);
  expect(spoken.asked).toEqual([
    { key: 'one', member: 'first' },
    { key: 'one', member: 'second' },
    { key: 'two', member: 'second' },
    { key: 'three', member: 'first' },
  ]);
});

/** Runs of equal values, each once. */
function spans(values: readonly string[]): string[] {
  return values.filter((value, i) => value !== values[i - 1]);
}
