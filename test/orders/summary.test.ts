import { describe, expect, test } from 'vitest';
import type { LedgerReport } from '../../runtime/orders/ledger-client.ts';
import {
  allHolds,
  conservationHolds,
  ledgerHolds,
  summaryJson,
  summaryText,
} from '../../runtime/orders/summary.ts';
import type { SummaryInput } from '../../runtime/orders/summary.ts';
import type { Tally } from '../../runtime/orders/tally.ts';

const tally: Tally = {
  placed: 5000,
  duplicates: 0,
  rejected: 211,
  short: 150,
  paid: 4500,
  declined: 139,
  unknown: 0,
  deadLettered: 0,
  inFlight: 0,
  paidCents: 15_012_345,
  revenue: new Map([
    ['GROCERY', 10_000_000],
    ['MEAT', 5_012_345],
  ]),
  repeated: 0,
  unknownOrders: new Set(),
};
const ledger: LedgerReport = {
  charges: 4500,
  cents: 15_012_345,
  declined: 139,
  unknownCharges: 0,
  unknownCents: 0,
};
const input: SummaryInput = {
  tally,
  ledger,
  run: { orders: 5000, elapsedMs: 2500, latency: { p50Ms: 12, p99Ms: 1340 } },
  data: '.millrace/data',
};

describe('conservationHolds', () => {
  test('is true when every order placed ended as one thing', () => {
    expect(conservationHolds(tally)).toBe(true);
  });

  test.each([
    ['an order is lost', { placed: 5001 }],
    ['an order has two final states', { paid: 4501 }],
    ['an order is in flight, though the sum fits', { paid: 4499, inFlight: 1 }],
  ])('is false when %s', (_, change) => {
    expect(conservationHolds({ ...tally, ...change })).toBe(false);
  });

  test('leaves out duplicates and takes in dead letters and unknown orders', () => {
    const changed = { ...tally, placed: 5006, duplicates: 3, deadLettered: 1, unknown: 2 };
    expect(conservationHolds(changed)).toBe(true);
  });
});

describe('ledgerHolds', () => {
  test('is true when charges are what was paid, to the cent', () => {
    expect(ledgerHolds(tally, ledger)).toBe(true);
  });

  test.each([
    ['a cent too much', { cents: 15_012_346 }],
    ['a charge too many that costs nothing', { charges: 4501 }],
  ])('is false with %s', (_, change) => {
    expect(ledgerHolds(tally, { ...ledger, ...change })).toBe(false);
  });

  test('leaves out charges of orders that ended unknown', () => {
    const charged = { ...ledger, charges: 4502, cents: 15_012_545 };
    expect(ledgerHolds(tally, { ...charged, unknownCharges: 2, unknownCents: 200 })).toBe(true);
  });
});

describe('summaryJson', () => {
  test('has the counts as numbers at the top', () => {
    expect(summaryJson(input)).toEqual({
      placed: 5000,
      duplicates: 0,
      rejected: 211,
      short: 150,
      paid: 4500,
      declined: 139,
      unknown: 0,
      deadLettered: 0,
      inFlight: 0,
      repeated: 0,
      paidCents: 15_012_345,
      revenueByDepartment: { GROCERY: 10_000_000, MEAT: 5_012_345 },
      ledger,
      conservationHolds: true,
      ledgerHolds: true,
      run: {
        orders: 5000,
        seconds: 2.5,
        ordersPerSecond: 2000,
        latencyP50Ms: 12,
        latencyP99Ms: 1340,
      },
    });
  });
});

const services = [
  {
    service: 'fraud',
    lines: ['3 alerts about 2 customers', 'and a second line'],
    figures: { alerts: 3 },
    holds: true,
  },
  { service: 'loyalty', lines: ['7 points: DOES NOT HOLD'], figures: { points: 7 }, holds: false },
];

describe('allHolds', () => {
  test('is true when all books agree', () => {
    expect(allHolds(input)).toBe(true);
    expect(allHolds({ ...input, services: services.slice(0, 1) })).toBe(true);
  });

  test('is false when those of one service do not', () => {
    expect(allHolds({ ...input, services })).toBe(false);
  });
});

describe('summaryText', () => {
  test('shows what each service has to show', () => {
    expect(summaryText({ ...input, services })).toContain(
      [
        'Fraud          3 alerts about 2 customers',
        '               and a second line',
        'Loyalty        7 points: DOES NOT HOLD',
        '',
      ].join('\n'),
    );
    expect(summaryJson({ ...input, services }).services).toEqual({
      fraud: { alerts: 3 },
      loyalty: { points: 7 },
    });
  });

  test('shows counts, revenue, speed, conservation and ledger', () => {
    expect(summaryText(input)).toBe(
      [
        'Orders in .millrace/data',
        '',
        '  placed            5,000',
        '  rejected            211     4.2 %',
        '  short               150     3.0 %',
        '  paid              4,500    90.0 %',
        '  declined            139     2.8 %',
        '',
        'Revenue by department: $150,123.45',
        '  GROCERY        ██████████████████████████████    $100,000.00',
        '  MEAT           ███████████████                    $50,123.45',
        '',
        'This run       5,000 orders in 2.5 s: 2,000 orders/s; latency p50 12 ms, p99 1,340 ms',
        'Conservation   5,000 placed − 0 duplicates = 211 rejected + 150 short + 4,500 paid + 139 declined + 0 unknown + 0 dead-lettered + 0 in flight: holds',
        'Ledger         4,500 charges of $150,123.45',
        '               = 4,500 paid of $150,123.45: holds',
        '',
      ].join('\n'),
    );
  });

  test('says how many orders are lost', () => {
    const text = summaryText({ ...input, tally: { ...tally, placed: 5002 } });
    expect(text).toContain('0 in flight: DOES NOT HOLD: 2 lost');
  });

  test('has charges of unknown orders on a line of their own', () => {
    const charged = { ...ledger, charges: 4501, cents: 15_012_445 };
    const text = summaryText({
      ...input,
      tally: { ...tally, placed: 5001, unknown: 1 },
      ledger: { ...charged, unknownCharges: 1, unknownCents: 100 },
    });
    expect(text).toContain(
      [
        'Ledger         4,501 charges of $150,124.45',
        '               − 1 charges of $1.00, of orders that ended unknown',
        '               = 4,500 paid of $150,123.45: holds',
      ].join('\n'),
    );
    expect(text).toContain('  unknown               1     0.0 %');
  });

  test('gathers small departments into one line', () => {
    const revenue = new Map(Array.from({ length: 20 }, (_, i) => [`D${i}`, 2000 - i] as const));
    const text = summaryText({ ...input, tally: { ...tally, revenue } });
    expect(text).toContain('  8 others');
    expect(text).not.toContain('  D12 ');
  });

  test('says when no order was left to decide', () => {
    const run = { orders: 0, elapsedMs: 40, latency: undefined };
    expect(summaryText({ ...input, run })).toContain('This run       no order was left to decide');
  });
});
