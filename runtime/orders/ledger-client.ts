import { ConfigError } from '../../topology/core/errors.ts';

/** The provider's ledger: approved charges, and which of them are of orders whose outcome is not known. */
export interface LedgerReport {
  readonly charges: number;
  readonly cents: number;
  readonly declined: number;
  readonly unknownCharges: number;
  readonly unknownCents: number;
}

interface Entry {
  readonly orderId: string;
  readonly state: string;
  readonly cents: number;
}

/**
 * Asks the provider at `url` for its ledger.
 * @throws {ConfigError} LEDGER_UNREACHABLE when it does not answer
 */
export async function fetchLedger(
  url: string,
  unknownOrders: ReadonlySet<string>,
): Promise<LedgerReport> {
  const totals = (await (await get(`${url}/ledger`)).json()) as {
    charges: number;
    cents: number;
    declined: number;
  };
  let unknownCharges = 0;
  let unknownCents = 0;
  if (unknownOrders.size > 0) {
    for await (const { orderId, state, cents } of entries(await get(`${url}/ledger/charges`))) {
      if (state !== 'APPROVED' || !unknownOrders.has(orderId)) continue;
      unknownCharges += 1;
      unknownCents += cents;
    }
  }
  const { charges, cents, declined } = totals;
  return { charges, cents, declined, unknownCharges, unknownCents };
}

async function get(url: string): Promise<Response> {
  try {
    const response = await fetch(url);
    if (response.ok) return response;
    throw new Error(`it answered ${response.status}`);
  } catch (cause) {
    throw new ConfigError(
      'LEDGER_UNREACHABLE',
      `the payment provider's ledger at ${url} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function* entries(response: Response): AsyncGenerator<Entry> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as Entry;
  }
}
