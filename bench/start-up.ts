/**
 * What a start costs: opening a log with a million records, opening a store of a million keys after its process was killed (no restore), reading a topology file
 * of 300 kB. What it does not show: a cold page cache.
 *
 *     node bench/start-up.ts
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../runtime/app/system-clock.ts';
import { RecordBatchBuilder } from '../runtime/codec/batch-builder.ts';
import { openEmbeddedLog } from '../runtime/embedded/embedded-log.ts';
import type { StateWrites } from '../runtime/ports.ts';
import { LmdbStateBackend } from '../runtime/state/lmdb-backend.ts';
import { encodeRow } from '../runtime/state/row-format.ts';
import { parseTopology } from '../topology/yaml/parse.ts';

const million = 1_000_000;
const chunk = 10_000;

async function fillLog(folder: string): Promise<void> {
  const log = await openEmbeddedLog({ folder, clock: systemClock, sync: 'never' });
  await log.admin.create({ name: 't', partitions: 1, cleanup: 'delete', retention: 'forever' });
  const ignore = async (): Promise<void> => {};
  const membership = await log.join(
    { group: 'load', topics: [], slot: 'load' },
    { assigned: ignore, revoked: ignore, lost: ignore },
  );
  const transactor = await log.transactor('load');
  const builder = new RecordBatchBuilder();
  for (let i = 0; i < million; i++) {
    builder.appendPair(i, Buffer.from(`key-${i}`), Buffer.alloc(200, i), []);
    if (builder.count < 1000) continue;
    const append = { topic: 't', partition: 0, records: 1000, batch: builder.finish() };
    await transactor.commit({ appends: [append], positions: [] }, membership);
  }
  await membership.leave();
  await log.close();
}

function openState(folder: string): Promise<LmdbStateBackend> {
  return LmdbStateBackend.open({
    stateFolder: folder,
    application: 'bench',
    setAside: ({ reason }) => {
      throw new Error(reason);
    },
  });
}

/** Runs in a process of its own, which kills itself when the keys are on disk. */
async function fillStateAndDie(folder: string): Promise<void> {
  const state = await openState(folder);
  for (let i = 0; i < million; i += chunk) {
    const rows: StateWrites['rows'] = Array.from({ length: chunk }, (_, j) => [
      Buffer.from(`key-${(i + j).toString().padStart(8, '0')}`),
      encodeRow(Buffer.alloc(20, j), i, false),
    ]);
    await state.apply([{ store: 's', partition: 0, rows, position: i + chunk }], 'bench');
  }
  while (state.open('s', 0).count() < million)
    await new Promise((resolve) => setTimeout(resolve, 10));
  process.kill(process.pid, 'SIGKILL');
}

async function timed(what: string, action: () => Promise<string> | string): Promise<void> {
  const start = performance.now();
  const found = await action();
  process.stdout.write(
    `${what.padEnd(56)} ${(performance.now() - start).toFixed(1)} ms (${found})\n`,
  );
}

if (process.argv[2] === 'fill-state') {
  await fillStateAndDie(process.argv[3] as string);
}

const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
await fillLog(folder);
await timed('open a log with 1,000,000 records', async () => {
  const log = await openEmbeddedLog({ folder, clock: systemClock });
  const [ends] = await log.ends([{ topic: 't', partition: 0 }]);
  await log.close();
  return `ends at ${ends?.end}`;
});

spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'fill-state', folder]);
await timed('open a store of 1,000,000 keys after SIGKILL', async () => {
  const state = await openState(folder);
  const table = state.open('s', 0);
  const first = table.get(Buffer.from('key-00000000'));
  const found = `position ${table.position()}, first row ${first === undefined ? 'missing' : 'there'}`;
  await state.close();
  return found;
});

const orders = readFileSync(new URL('../topology/orders/orders.yaml', import.meta.url), 'utf8');
const stages = orders.slice(orders.indexOf('  fan-out:'), orders.indexOf('\nerrors:'));
let text = orders.slice(0, orders.indexOf('\nerrors:'));
for (let i = 0; text.length < 300_000; i++)
  text += stages.replace(/^ {2}([a-z-]+):/gm, `  $1-${i}:`);
await timed(`read a topology file of ${text.length.toLocaleString('en-US')} characters`, () => {
  const { definition } = parseTopology(text, 'large.yaml');
  return `${Object.keys(definition?.stages ?? {}).length} stages`;
});
rmSync(folder, { recursive: true, force: true });
