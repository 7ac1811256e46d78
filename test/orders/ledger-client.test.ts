import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Ledger } from '../../processors/orders/provider/ledger.ts';
import { createProvider } from '../../processors/orders/provider/server.ts';
import { fetchLedger } from '../../runtime/orders/ledger-client.ts';

let folder: string;
let ledger: Ledger;
let server: Server;
let url: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-client-'));
  ledger = await Ledger.open(join(folder, 'ledger'));
  server = createProvider({
    ledger,
    behaviour: {
      outage: () => false,
      next: () => ({ latencyMs: 0, state: 'APPROVED', answer: 'given' }),
    },
    monotonic: () => 0,
    identity: 'test',
    used: () => {},
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await ledger.close();
  await rm(folder, { recursive: true });
});

async function fill(count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, i) => ({
    key: `k${i}`,
    chargeId: `ch_${i}`,
    state: i % 10 === 9 ? ('DECLINED' as const) : ('APPROVED' as const),
    orderId: `o${i}`,
    customerId: 'c',
    cents: i,
    currency: 'USD',
  }));
  await Promise.all(entries.map((entry) => ledger.append(entry)));
}

describe('fetchLedger', () => {
  test('gives the totals of the ledger', async () => {
    await fill(20);
    expect(await fetchLedger(url, new Set())).toEqual({
      charges: 18,
      cents: 190 - 9 - 19,
      declined: 2,
      unknownCharges: 0,
      unknownCents: 0,
    });
  });

  test('adds up approved charges of unknown orders, over many entries', async () => {
    await fill(5000);
    const unknown = new Set(['o1', 'o2', 'o9', 'o4998', 'never charged']);
    expect(await fetchLedger(url, unknown)).toMatchObject({
      unknownCharges: 3,
      unknownCents: 1 + 2 + 4998,
    });
  });

  test('names the provider when it does not answer', async () => {
    server.close();
    await expect(fetchLedger(url, new Set())).rejects.toThrow(
      `the payment provider's ledger at ${url}/ledger cannot be read: fetch failed`,
    );
  });
});
