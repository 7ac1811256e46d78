import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../runtime/app/system-clock.ts';
import { checkedGraph, readTopology } from '../../runtime/app/topology-source.ts';
import { openEmbeddedLog } from '../../runtime/embedded/embedded-log.ts';
import type { EmbeddedLog } from '../../runtime/embedded/embedded-log.ts';
import { LmdbStateBackend } from '../../runtime/state/lmdb-backend.ts';
import type { Plan } from '../../topology/plan/plan.ts';
import { plan } from '../../topology/plan/planner.ts';
import { gatherEvidence } from './evidence.ts';
import type { Charge, Evidence } from './evidence.ts';

/** The topology file of the order system. */
export const ordersTopology: string = fileURLToPath(
  new URL('../../topology/orders/orders.yaml', import.meta.url),
);

/** Where the provider of a data folder keeps its ledger. */
export function ledgerFile(data: string): string {
  return join(data, 'provider', 'ledger.jsonl');
}

/** The plan of the order system, or of a variant of its topology file. */
export function ordersPlan(topology = ordersTopology): Plan {
  return plan(checkedGraph(readTopology(topology)));
}

/** Opens log and state of a data folder that no runner has open, uses them, closes them. */
export async function withFolder<T>(
  data: string,
  use: (log: EmbeddedLog, state: LmdbStateBackend) => Promise<T>,
): Promise<T> {
  const log = await openEmbeddedLog({ folder: data, clock: systemClock, create: false });
  try {
    const state = LmdbStateBackend.openFolder(join(data, 'state', 'orders'));
    try {
      return await use(log, state);
    } finally {
      await state.close();
    }
  } finally {
    await log.close();
  }
}

/** What a data folder holds. */
export async function readFolder(data: string, topology = ordersTopology): Promise<Evidence> {
  const ledger = await readLedger(ledgerFile(data));
  return withFolder(data, (log, state) =>
    gatherEvidence({ plan: ordersPlan(topology), log, registry: log.registry, state, ledger }),
  );
}

/** Every whole line of a ledger, repeats included. */
export async function readLedger(file: string): Promise<readonly Charge[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  lines.pop();
  return lines.map((line) => JSON.parse(line) as Charge);
}
