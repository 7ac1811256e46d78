import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { compressions } from '../../runtime/codec/compression.ts';
import type { KafkaMembership } from '../../runtime/kafka/group/kafka-membership.ts';
import type { KafkaTransactor } from '../../runtime/kafka/transactor/kafka-transactor.ts';
import type { Append } from '../../runtime/ports.ts';
import { murmur2, partitionOf } from '../../topology/core/murmur2.ts';
import { batchOf, plain, type PlainRecord } from '../runtime/codec/records.ts';
import { runJava } from './harness/java.ts';
import { kafkaTools, runTool, startJava } from './harness/kafka-tools.ts';
import { eventually } from './eventually.ts';
import { requireCluster } from './harness/require.ts';
import { Lab } from './lab.ts';

const cluster = requireCluster();
const labs: Lab[] = [];
const time = Date.UTC(2026, 1, 3);

afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.close();
});

async function open(more: Parameters<typeof Lab.open>[1] = {}): Promise<Lab> {
  const lab = await Lab.open(cluster().brokers, more);
  labs.push(lab);
  return lab;
}

const tool = (name: keyof typeof kafkaTools, ...args: string[]): Promise<string[]> =>
  runTool(name, cluster().brokers, args);

/** Records in one append to partition 0. */
function append({ topic }: Lab, ...records: readonly PlainRecord[]): Append {
  return { topic, partition: 0, batch: batchOf(...records), records: records.length };
}

/** Leaves a transaction open as a crash does, and opens its slot again, which aborts it. */
async function abort(lab: Lab, member: KafkaMembership): Promise<KafkaTransactor> {
  const producer = await lab.producer();
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  lab.wire.tap('EndTxn', () => {
    stop();
    return new Promise(() => {});
  });
  void producer.commit(lab.transaction('aborted', 1), member);
  await stopped;
  lab.wire.untap('EndTxn');
  return lab.producer();
}

describe("Kafka's tools read what we write", () => {
  test.each(compressions)('dump-log, compression %s', async (compression) => {
    const lab = await open({ compression });
    const member = await lab.join();
    const producer = await lab.producer();
    const records: PlainRecord[] = [
      { ...plain('k1', 'v1 '.repeat(50), time), headers: [['h', Buffer.from('x')]] },
      plain(null, 'v2', time + 5),
      plain('k3', null, time - 5),
    ];
    await producer.commit({ appends: [append(lab, ...records)], positions: [] }, member);
    expect(await lab.values()).toHaveLength(3);
    const folder = join(cluster().node(1).data, `${lab.topic}-0`);
    // The marker's time is today's, so far from the records' that it is in a segment of its own.
    const segments = readdirSync(folder).filter((name) => name.endsWith('.log'));
    const files = segments
      .toSorted()
      .map((name) => join(folder, name))
      .join(',');
    const args = ['--deep-iteration', '--print-data-log', '--files', files];
    const { stdout } = await runJava(kafkaTools['dump-log'], args);
    const [batch, marker] = stdout.split('\n').filter((line) => line.startsWith('baseOffset: '));
    expect(batch).toMatch(/^baseOffset: 0 lastOffset: 2 count: 3 baseSequence: 0 lastSequence: 2 /);
    expect(batch).toContain('isTransactional: true isControl: false');
    expect(batch).toContain(`compresscodec: ${compression} `);
    expect(batch).toMatch(/ isvalid: true$/);
    expect(marker).toMatch(/^baseOffset: 3 .* isTransactional: true isControl: true /);
    const data = stdout.split('\n').filter((line) => line.startsWith('| offset: '));
    expect(data).toEqual([
      expect.stringMatching(
        `CreateTime: ${time} keySize: 2 valueSize: 150 sequence: 0 headerKeys: \\[h\\] ` +
          `key: k1 payload: (v1 ){50}$`,
      ),
      expect.stringMatching(
        `CreateTime: ${time + 5} keySize: -1 valueSize: 2 sequence: 1 headerKeys: \\[\\] payload: v2`,
      ),
      expect.stringMatching(
        `CreateTime: ${time - 5} keySize: 2 valueSize: -1 sequence: 2 headerKeys: \\[\\] key: k3`,
      ),
      expect.stringContaining('endTxnMarker: COMMIT'),
    ]);
  });

  test('console-consumer gets what is committed, and nothing that is aborted', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await abort(lab, member);
    const records: PlainRecord[] = [
      { ...plain('k1', 'v1', time), headers: [['h', Buffer.from('x')]] },
      plain('k2', null, time),
    ];
    await producer.commit({ appends: [append(lab, ...records)], positions: [] }, member);
    expect(await lab.values()).toHaveLength(2);
    const properties = ['timestamp', 'key', 'headers', 'offset'].flatMap((name) => [
      '--formatter-property',
      `print.${name}=true`,
    ]);
    const from = ['--topic', lab.topic, '--partition', '0', '--offset', 'earliest'];
    const read = (isolation: string, count: number): Promise<string[]> => {
      const bounds = ['--isolation-level', isolation, '--max-messages', `${count}`];
      return tool('console-consumer', ...from, ...bounds, ...properties);
    };
    const committed = [
      `CreateTime:${time}\tOffset:2\th:x\tk1\tv1`,
      `CreateTime:${time}\tOffset:3\tNO_HEADERS\tk2\tnull`,
    ];
    expect(await read('read_committed', 2)).toEqual(committed);
    expect(await read('read_uncommitted', 3)).toEqual([
      expect.stringMatching(/\tOffset:0\tNO_HEADERS\tk\taborted$/),
      ...committed,
    ]);
  });

  test('get-offsets, consumer-groups and transactions know what we left', async () => {
    const lab = await open();
    const member = await lab.join();
    const producer = await lab.producer();
    await producer.commit(lab.transaction('a', 7), member);
    await lab.values();
    const ends = await tool('get-offsets', '--topic', lab.topic);
    expect(ends).toEqual([`${lab.topic}:0:2`, `${lab.topic}:1:0`]);
    const groups = await tool('consumer-groups', '--describe', '--group', lab.topic, '--offsets');
    const position = groups.find((line) => line.startsWith(lab.topic))?.split(/\s+/);
    expect(position?.slice(0, 6)).toEqual([lab.topic, lab.topic, '0', '7', '2', '-5']);
    const id = `${lab.topic}-s0`;
    const described = await tool('transactions', 'describe', '--transactional-id', id);
    expect(described.join('\n')).toMatch(new RegExp(`\\d+\\s+${id}\\s.*CompleteCommit`));
    const args = ['describe-producers', '--topic', lab.topic, '--partition', '0'];
    const [, producers] = await tool('transactions', ...args);
    expect(producers?.split(/\s+/).at(-1)).toBe('None');
  });
});

describe('we read what Kafka writes', () => {
  test.each(compressions)('console-producer, compression %s', async (compression) => {
    const lab = await open();
    const args =
      `--bootstrap-server ${cluster().brokers.join(',')} --topic ${lab.topic} ` +
      `--compression-codec ${compression} --reader-property parse.key=true ` +
      '--reader-property parse.headers=true --reader-property null.marker=NIL';
    const producer = await startJava(kafkaTools['console-producer'], args.split(' '));
    const lines = Array.from({ length: 40 }, (_, i) => `h:${i}\tk${i}\t${'v'.repeat(i)}.`);
    for (const line of [...lines, 'n:NIL\tgone\tNIL']) producer.write(line);
    await producer.end();
    const count = async (): Promise<number> =>
      (await lab.values(0)).length + (await lab.values(1)).length;
    await eventually('all arrived', async () => ((await count()) === 41 ? true : undefined));
    const values = [...(await lab.values(0)), ...(await lab.values(1))];
    const expected = Array.from({ length: 40 }, (_, i) => `${'v'.repeat(i)}.`);
    expect(new Set(values)).toEqual(new Set([...expected, 'null']));
  });
});

test('keys go to the partitions that the Java client chooses', async () => {
  const program = fileURLToPath(new URL('java/Murmur2.java', import.meta.url));
  const bytes = fc.uint8Array({ maxLength: 40 }).map((key) => Buffer.from(key));
  const texts = fc.string({ unit: 'grapheme', maxLength: 30 }).map((key) => Buffer.from(key));
  const long = fc.uint8Array({ minLength: 1_000, maxLength: 5_000 }).map((key) => Buffer.from(key));
  const key = fc.oneof(
    { weight: 20, arbitrary: bytes },
    { weight: 20, arbitrary: texts },
    { weight: 1, arbitrary: long },
  );
  const sampled = fc.sample(fc.tuple(fc.integer({ min: 1, max: 100 }), key), {
    numRuns: 10_000,
    seed: 11,
  });
  const all = [[3, Buffer.alloc(0)] as const, ...sampled];
  const input = all.map(([partitions, it]) => `${partitions} ${it.toString('hex')}`).join('\n');
  const { stdout } = await runJava(program, [], { input });
  const ours = all.map(([partitions, it]) => `${murmur2(it)} ${partitionOf(it, partitions)}`);
  expect(ours).toEqual(stdout.trimEnd().split('\n'));
});
