import type { LedgerReport } from './ledger-client.ts';
import type { ServiceReport } from './services/service-report.ts';
import { count, dollars, verdict } from './summary-text.ts';
import type { Tally } from './tally.ts';

/** What one start did, beside what the folder holds. */
export interface RunFigures {
  /** Orders that got a final state in this run. */
  readonly orders: number;
  readonly elapsedMs: number;
  /** From an order's commit by the loader to its final state, sampled; undefined without a sample. */
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number } | undefined;
}

/** What the summary is made of. */
export interface SummaryInput {
  readonly tally: Tally;
  readonly ledger: LedgerReport;
  readonly run: RunFigures;
  /** What the other applications have to show; none where none run. */
  readonly services?: readonly ServiceReport[];
  /** Data folder, as the user wrote it. */
  readonly data: string;
}

/** The summary as one JSON object. Counts are cumulative over the data folder. */
export interface SummaryJson extends Omit<Tally, 'revenue' | 'unknownOrders'> {
  readonly revenueByDepartment: Readonly<Record<string, number>>;
  readonly ledger: LedgerReport;
  readonly conservationHolds: boolean;
  readonly ledgerHolds: boolean;
  /** Application → its figures, where other applications run. */
  readonly services?: Readonly<Record<string, ServiceReport['figures']>>;
  readonly run: {
    readonly orders: number;
    readonly seconds: number;
    readonly ordersPerSecond: number;
    readonly latencyP50Ms: number | null;
    readonly latencyP99Ms: number | null;
  };
}

/** True when every order that was placed ended as exactly one thing, and none is under way. */
export function conservationHolds(tally: Tally): boolean {
  return tally.placed - tally.duplicates === accounted(tally) && tally.inFlight === 0;
}

/** True when the provider charged what was paid, to the cent, leaving out orders whose outcome is not known. */
export function ledgerHolds(tally: Tally, ledger: LedgerReport): boolean {
  return (
    ledger.cents - ledger.unknownCents === tally.paidCents &&
    ledger.charges - ledger.unknownCharges === tally.paid
  );
}

/** True when the books of orders, ledger and all services agree. */
export function allHolds({ tally, ledger, services = [] }: SummaryInput): boolean {
  return (
    conservationHolds(tally) && ledgerHolds(tally, ledger) && services.every(({ holds }) => holds)
  );
}

/** The machine-readable summary. */
export function summaryJson({ tally, ledger, run, services }: SummaryInput): SummaryJson {
  const { revenue, unknownOrders: _, ...counts } = tally;
  const seconds = Math.round(run.elapsedMs) / 1000;
  return {
    ...counts,
    revenueByDepartment: Object.fromEntries(revenue),
    ledger,
    conservationHolds: conservationHolds(tally),
    ledgerHolds: ledgerHolds(tally, ledger),
    ...(services === undefined
      ? {}
      : { services: Object.fromEntries(services.map((it) => [it.service, it.figures])) }),
    run: {
      orders: run.orders,
      seconds,
      ordersPerSecond: perSecond(run),
      latencyP50Ms: run.latency?.p50Ms ?? null,
      latencyP99Ms: run.latency?.p99Ms ?? null,
    },
  };
}

/** The summary for people; ends in a newline. */
export function summaryText(input: SummaryInput): string {
  const { tally, ledger, data } = input;
  return [
    `Orders in ${data}`,
    '',
    ...outcomeLines(tally),
    '',
    `Revenue by department: ${dollars(tally.paidCents)}`,
    ...revenueLines(tally),
    '',
    ...runLines(input.run),
    conservationLine(tally),
    ...ledgerLines(tally, ledger),
    ...(input.services ?? []).flatMap(serviceLines),
    '',
  ].join('\n');
}

function outcomeLines(tally: Tally): string[] {
  const rows: [name: string, count: number][] = [
    ['placed', tally.placed],
    ['rejected', tally.rejected],
    ['short', tally.short],
    ['paid', tally.paid],
    ['declined', tally.declined],
  ];
  const rare: [name: string, count: number][] = [
    ['duplicates', tally.duplicates],
    ['unknown', tally.unknown],
    ['dead-lettered', tally.deadLettered],
    ['in flight', tally.inFlight],
    ['repeated', tally.repeated],
  ];
  rows.push(...rare.filter(([, count]) => count > 0));
  return rows.map(([name, orders]) => {
    const share = tally.placed === 0 ? 0 : (100 * orders) / tally.placed;
    const percent = name === 'placed' ? '' : `${share.toFixed(1).padStart(8)} %`;
    return `  ${name.padEnd(14)}${count(orders).padStart(9)}${percent}`;
  });
}

const barWidth = 30;
const shownDepartments = 12;

function revenueLines({ revenue }: Tally): string[] {
  const departments = [...revenue];
  const shown = departments.slice(0, shownDepartments);
  const rest = departments.slice(shownDepartments);
  const others = rest.reduce((sum, [, cents]) => sum + cents, 0);
  if (rest.length > 0) shown.push([`${rest.length} others`, others]);
  const most = Math.max(1, ...shown.map(([, cents]) => cents));
  const nameWidth = Math.max(14, ...shown.map(([name]) => name.length));
  return shown.map(([name, cents]) => {
    const bar = '█'.repeat(Math.round((barWidth * Math.max(0, cents)) / most)).padEnd(barWidth);
    return `  ${name.padEnd(nameWidth)} ${bar} ${dollars(cents).padStart(14)}`;
  });
}

function runLines(run: RunFigures): string[] {
  if (run.orders === 0) return ['This run       no order was left to decide'];
  const took = `${count(run.orders)} orders in ${(run.elapsedMs / 1000).toFixed(1)} s`;
  const latency =
    run.latency === undefined
      ? ''
      : `; latency p50 ${count(run.latency.p50Ms)} ms, p99 ${count(run.latency.p99Ms)} ms`;
  return [`This run       ${took}: ${count(perSecond(run))} orders/s${latency}`];
}

function conservationLine(tally: Tally): string {
  const terms: [number, string][] = [
    [tally.rejected, 'rejected'],
    [tally.short, 'short'],
    [tally.paid, 'paid'],
    [tally.declined, 'declined'],
    [tally.unknown, 'unknown'],
    [tally.deadLettered, 'dead-lettered'],
    [tally.inFlight, 'in flight'],
  ];
  const sum = terms.map(([orders, name]) => `${count(orders)} ${name}`).join(' + ');
  const taken = `${count(tally.placed)} placed − ${count(tally.duplicates)} duplicates`;
  const missing = tally.placed - tally.duplicates - accounted(tally);
  const word = conservationHolds(tally)
    ? 'holds'
    : missing === 0
      ? `DOES NOT HOLD: ${count(tally.inFlight)} in flight`
      : `DOES NOT HOLD: ${count(Math.abs(missing))} ${missing > 0 ? 'lost' : 'too many'}`;
  return `Conservation   ${taken} = ${sum}: ${word}`;
}

function ledgerLines(tally: Tally, ledger: LedgerReport): string[] {
  const charged = `${count(ledger.charges)} charges of ${dollars(ledger.cents)}`;
  const paid = `${count(tally.paid)} paid of ${dollars(tally.paidCents)}`;
  const { unknownCharges, unknownCents } = ledger;
  const unknown = `${count(unknownCharges)} charges of ${dollars(unknownCents)}`;
  return [
    `Ledger         ${charged}`,
    ...(unknownCharges > 0 ? [`               − ${unknown}, of orders that ended unknown`] : []),
    `               = ${paid}: ${verdict(ledgerHolds(tally, ledger))}`,
  ];
}

function serviceLines({ service, lines }: ServiceReport): string[] {
  const title = `${service.charAt(0).toUpperCase()}${service.slice(1)}`;
  return lines.map((line, i) => `${(i === 0 ? title : '').padEnd(15)}${line}`);
}

function accounted(tally: Tally): number {
  const { rejected, short, paid, declined, unknown, deadLettered, inFlight } = tally;
  return rejected + short + paid + declined + unknown + deadLettered + inFlight;
}

function perSecond({ orders, elapsedMs }: RunFigures): number {
  return elapsedMs === 0 ? 0 : Math.round((orders * 1000) / elapsedMs);
}
