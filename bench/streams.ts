/**
 * Speed of the data path on the embedded log beside a bare loop that decodes and encodes the same records with avsc into a shared buffer (issue: filter and
 * map-values at 35 % of it or more, a keyed count at 20 %). What it does not show: several partitions or processes, a disk that others use, Kafka.
 *
 *     npm run bench [-- RECORDS]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startApplication } from '../runtime/app/application.ts';
import { systemClock } from '../runtime/app/system-clock.ts';
import { openEmbeddedLog } from '../runtime/embedded/embedded-log.ts';
import { lineLogger } from '../runtime/logger.ts';
import { avroSerde, loadCatalog } from '../schemas/index.ts';
import { appendReadings, type Reading, readings, uniformKeys, zipfKeys } from './readings.ts';
import { type Contender, report, sideBySide } from './side-by-side.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const schemaFolder = join(folder, 'schemas');
const keys = 1_000_000;
const rounds = 3;

const { catalog } = loadCatalog(
  readdirSync(schemaFolder).map((file) => ({
    file,
    text: readFileSync(join(schemaFolder, file), 'utf8'),
  })),
);

/** The bare loop: decode with avsc, encode with avsc into a shared buffer. */
function bareLoop(count: number, make: (i: number) => Reading): Contender {
  const from = catalog.codec('bench.Reading');
  const payloads = Array.from({ length: count }, (_, i) => from.toBuffer(make(i)));
  const shared = Buffer.alloc(64 * 1024);
  return {
    name: 'bare loop (avsc)',
    async run() {
      const start = performance.now();
      let position = 0;
      for (const payload of payloads) {
        const { value } = from.decode(payload, 0);
        position = from.encode(value, shared, position);
        if (position < 0 || position > 60 * 1024) position = 0;
      }
      return { records: count, elapsedMs: performance.now() - start };
    },
  };
}

/** Ours: a topology over records that the log holds, from the first fetch to the last commit. */
async function ours(
  name: string,
  topology: string,
  options: { count: number; make: (i: number) => Reading },
): Promise<Contender & { remove(): void }> {
  const data = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const log = await openEmbeddedLog({ folder: data, clock: systemClock, sync: 'never' });
  const spec = { partitions: 1, cleanup: 'delete', retention: 'forever' } as const;
  await log.admin.create({ name: 'readings', ...spec });
  const schemaId = await log.registry.register(
    'readings-value',
    catalog.canonicalSchema('bench.Reading'),
  );
  const serde = avroSerde<Reading>(catalog, 'bench.Reading', {
    schemaId,
    resolver: { schemaText: () => undefined },
  });
  await appendReadings(log, 'readings', { ...options, serde });
  await log.close();
  return {
    name,
    async run() {
      await forget(data, topology);
      const application = await startApplication({
        topology: join(folder, topology),
        data,
        logger: lineLogger(() => {}),
      });
      const start = performance.now();
      while (!application.quiet && application.failure === undefined) await sleep(1);
      const elapsedMs = performance.now() - start;
      if (application.failure !== undefined) throw application.failure;
      let taken = 0;
      for (const task of application.tasks) taken += task.control.outcomes['readings']?.in ?? 0;
      await application.close();
      if (taken !== options.count) throw new Error(`${taken} of ${options.count} records taken`);
      return { records: taken, elapsedMs };
    },
    remove: () => rmSync(data, { recursive: true, force: true }),
  };
}

/** Sets the application back to the beginning: positions, state and internal topics. */
async function forget(data: string, topology: string): Promise<void> {
  const application = topology === 'map.yaml' ? 'bench-map' : 'bench-count';
  rmSync(join(data, 'state'), { recursive: true, force: true });
  const log = await openEmbeddedLog({ folder: data, clock: systemClock, sync: 'never' });
  await log.admin.setPositions(application, undefined);
  for (const { name } of await log.admin.list()) {
    if (name !== 'readings') await log.admin.delete(name);
  }
  await log.close();
}

async function compare(
  title: string,
  topology: string,
  options: { bar: number; count: number; make: () => (i: number) => Reading },
): Promise<void> {
  const mine = await ours(`millrace, ${topology}`, topology, {
    count: options.count,
    make: options.make(),
  });
  const measured = await sideBySide([bareLoop(options.count, options.make()), mine], rounds);
  process.stdout.write(`${report(title, measured, options.bar)}\n`);
  mine.remove();
}

const count = Number(process.argv[2] ?? 500_000);
await compare('filter and map-values, Avro to Avro', 'map.yaml', {
  bar: 35,
  count,
  make: () => readings(1, (random) => uniformKeys(keys, random)),
});
await compare('keyed count, keys Zipf(1.0) over 1 M', 'count.yaml', {
  bar: 20,
  count,
  make: () => readings(2, (random) => zipfKeys(keys, random)),
});
await compare('keyed count, uniform keys over 1 M', 'count.yaml', {
  bar: 20,
  count,
  make: () => readings(3, (random) => uniformKeys(keys, random)),
});
