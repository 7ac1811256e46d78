import { expect, test } from 'vitest';
import { Cli } from '../runtime/cli/cli.ts';
import type { RowsJson } from '../../runtime/queries/rows-json.ts';
import { KafkaProject, wordsTopology } from './cli/kafka-project.ts';
import { Topics } from './cli/topics.ts';
import { eventually } from './eventually.ts';
import { requireKafka, uniqueName } from './harness/require.ts';

const kafka = requireKafka();
const patienceMs = 120_000;
const words = Array.from({ length: 20 }, (_, i) => `w${i}`);

/** A member that runs in a process of its own, and where it answers. */
interface Member {
  readonly process: Cli;
  readonly url: string;
}

function project(): KafkaProject {
  const name = uniqueName('queries');
  const { brokers } = kafka();
  const settings = `log: kafka
queries: {}
kafka:
  brokers: [${brokers.map((it) => `'${it}'`).join(', ')}]
  standby-replicas: 1
  session-timeout: 60s
  heartbeat-interval: 500ms
  acceptable-lag: 0
`;
  return new KafkaProject({
    name,
    brokers,
    files: { 'millrace.yaml': settings, 'words.yaml': wordsTopology(name, 'partitions: 4') },
  });
}

async function start(folder: KafkaProject): Promise<Member> {
  const process = folder.start('run', 'words.yaml');
  await process.until(({ stderr }) => stderr.includes('queries are answered at '));
  const [, url = ''] = /answered at (\S+)/.exec(process.stderr) ?? [];
  return { process, url };
}

async function ask({ url }: Member, query: string): Promise<RowsJson | undefined> {
  const response = await fetch(`${url}/stores/counts?${query}`);
  const body: unknown = await response.json();
  return response.status === 200 ? (body as RowsJson) : undefined;
}

test('answers come from the owner in another process, and from a standby when that is killed', async () => {
  const folder = project();
  const topics = new Topics(kafka().brokers);
  await topics.create(`${folder.name}-said`, 4);
  const a = await start(folder);
  await topics.say(folder, ...words);
  await eventually(
    'one member has counted all',
    async () => {
      const rows = await ask(a, 'limit=100');
      return rows?.rows.length === words.length ? rows : undefined;
    },
    patienceMs,
  );

  const b = await start(folder);
  // Both own some: then each answers for the other's, by asking it.
  const shared = await eventually(
    'the members share the partitions',
    async () => {
      const rows = await ask(a, 'limit=100');
      return rows?.from.some(({ member }) => member === b.url) === true ? rows : undefined;
    },
    patienceMs,
  );
  expect(shared.rows.map(({ key }) => key)).toEqual(words.toSorted());
  expect(shared.rows.every(({ value }) => value === 1)).toBe(true);
  const ofB = shared.from
    .filter(({ member }) => member === b.url)
    .map(({ partition }) => partition);
  const rowOfB = shared.rows.find(({ partition }) => ofB.includes(partition));
  const key = rowOfB?.key as string;
  expect(await ask(a, `key=${key}`)).toMatchObject({
    rows: [{ key, value: 1, partition: rowOfB?.partition }],
    from: [{ role: 'active', member: b.url }],
  });
  expect(await ask(b, `key=${key}`)).toMatchObject({
    rows: [{ key, value: 1 }],
    from: [{ role: 'active' }],
  });

  // A standby has the partition, too, as soon as it has read the changelog.
  await eventually(
    'a copy is warm',
    async () => {
      const rows = await ask(a, `key=${key}&max-staleness=1m`);
      return rows?.from[0]?.role === 'standby' && rows.rows.length === 1 ? rows : undefined;
    },
    patienceMs,
  );
  b.process.process.kill('SIGKILL');
  await b.process.ended;
  const refused = await fetch(`${a.url}/stores/counts?key=${key}`);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await refused.json()).toMatchObject({ error: { code: 'QUERY_UNREACHABLE' } });
  const stale = await ask(a, `key=${key}&max-staleness=1m`);
  expect(stale).toMatchObject({
    rows: [{ key, value: 1 }],
    from: [{ role: 'standby', staleness: { records: 0, ms: expect.any(Number) as number } }],
  });
  const all = await ask(a, 'limit=100&max-staleness=1m');
  expect(all?.rows.map((row) => row.key)).toEqual(words.toSorted());

  const line = await folder.run('query', 'words.yaml', 'counts', key, '--max-staleness', '1m');
  expect(line.stdout).toContain(`{"key":"${key}","value":1`);
  expect(line.stderr).toMatch(/^partition \d is a standby's: 0 records behind, complete .* ago\n$/);
  a.process.process.kill('SIGTERM');
  expect((await a.process.ended).code).toBe(0);
}, 400_000);
