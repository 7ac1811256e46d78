/**
 * Calls of 10 ms on one partition, order per key kept, beside a stage that makes the same calls one at a time. The engine, the journal and its transactions are
 * those of production; the log is in memory, and the service a timer. What it does not show: a network, a disk.
 *
 *     node bench/calls.ts
 */
import { systemClock } from '../runtime/app/system-clock.ts';
import { assemble } from '../runtime/app/assemble.ts';
import { NamedTopics } from '../runtime/app/named-topics.ts';
import { compileEngineOptions } from '../runtime/engine/engine-options.ts';
import { MemoryLog } from '../runtime/memory/memory-log.ts';
import { MemoryRegistry } from '../runtime/memory/memory-registry.ts';
import { MemoryStateBackend } from '../runtime/state/memory-backend.ts';
import { pause } from '../runtime/pause.ts';
import { loadCatalog } from '../schemas/index.ts';
import { check } from '../topology/graph/check.ts';
import { plan } from '../topology/plan/planner.ts';
import { parseTopology } from '../topology/yaml/parse.ts';
import { type Contender, sideBySide } from './side-by-side.ts';

const latencyMs = 10;
const keys = 5000;

const schemas = [
  `{ "type": "record", "name": "b.Request", "fields": [ { "name": "cents", "type": "long" } ] }`,
  `{ "type": "record", "name": "b.Reply", "fields": [ { "name": "state",
    "type": { "type": "enum", "name": "b.State", "symbols": ["APPROVED"] } } ] }`,
].map((text, i) => ({ file: `${i}.avsc`, text }));

const topology = (limit: number): string => `application: calls
streams:
  orders: { topic: orders, key: string, value: long, partitions: 1 }
  paid:   { topic: paid, key: string, value: long, partitions: 1 }
calls:
  bank: { request: b.Request, reply: b.Reply }
stages:
  charge:
    from: orders
    call: bank
    request: { cents: value }
    idempotency-key: key + "-" + string(value)
    timeout: 10s
    concurrency: { limit: ${limit}, order: per-key }
    outcomes: { match: reply.state, APPROVED: { out: approved }, unknown: { out: undecided } }
    drop: [undecided]
  paid-out: { from: charge.approved, to: paid }
`;

/** Runs `records` orders through a call stage with so many requests at a time; fails where a key's order is not kept. */
async function run(
  limit: number,
  records: number,
): Promise<{ records: number; elapsedMs: number }> {
  const { catalog } = loadCatalog(schemas);
  const { definition } = parseTopology(topology(limit), 'bench.yaml');
  if (definition === undefined) throw new Error('the topology does not parse');
  const { graph, problems } = check(definition, catalog);
  if (graph === undefined) throw new Error(JSON.stringify(problems));
  const made = plan(graph);
  const log = new MemoryLog({ clock: systemClock });
  const registry = new MemoryRegistry();
  const last = new Map<string, number>();
  const bank = async (request: unknown, { idempotencyKey }: { idempotencyKey: string }) => {
    const key = idempotencyKey.slice(0, idempotencyKey.indexOf('-'));
    const { cents } = request as { cents: number };
    if (cents <= (last.get(key) ?? -1)) throw new Error(`key ${key} out of order`);
    last.set(key, cents);
    await pause(systemClock, latencyMs);
    return { state: 'APPROVED' };
  };
  const { engine, serdes, partitions } = await assemble({
    plan: made,
    catalog,
    functions: new Map<string, unknown>([['bank', bank]]),
    log,
    state: new MemoryStateBackend(),
    registry,
    clock: systemClock,
    options: compileEngineOptions(),
    slot: 'bench',
    seed: 1,
    report: () => {},
  });
  const topics = await NamedTopics.open({
    plan: made,
    definition,
    log,
    clock: systemClock,
    serdes,
    partitions,
    client: 'bench',
  });
  const orders = Array.from({ length: records }, (_, i) => ({ key: `k${i % keys}`, value: i }));
  await topics.send('orders', orders);
  await engine.start();
  await engine.restored();
  const startMs = systemClock.monotonic();
  const abort = new AbortController();
  const running = engine.run(abort.signal);
  const at = { topic: 'paid', partition: 0 };
  for (;;) {
    const [ends] = await log.ends([at], 'committed');
    if ((ends?.end ?? 0) >= records) break;
    await pause(systemClock, 2);
  }
  const elapsedMs = systemClock.monotonic() - startMs;
  abort.abort();
  await running;
  await engine.close();
  return { records, elapsedMs };
}

const contenders: readonly Contender[] = [
  { name: 'one at a time', run: () => run(1, 100) },
  { name: 'call, 256 at a time, order per key', run: () => run(256, 20_000) },
];
const [alone, call] = await sideBySide(contenders, 3);
if (alone === undefined || call === undefined) throw new Error('nothing was measured');
const rate = (it: number): string => Math.round(it).toLocaleString('en-US');
process.stdout.write(
  `calls of ${latencyMs} ms on one partition\n` +
    [alone, call]
      .map(
        (it) =>
          `  ${it.name.padEnd(34)} ${rate(it.median).padStart(7)} calls/s (${rate(it.worst)} to ${rate(it.best)})\n`,
      )
      .join('') +
    `  ${(call.median / alone.median).toFixed(0)} times as many; bar: 3,000 calls/s\n`,
);
process.exitCode = call.median >= 3000 ? 0 : 1;
