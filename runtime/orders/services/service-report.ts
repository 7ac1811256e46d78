import type { Log } from '../../ports.ts';
import type { ShopSerdes } from '../shop-serdes.ts';
import type { PaidOrder } from './paid-orders.ts';

/** Where a report looks. */
export interface ReportSources {
  readonly log: Log;
  readonly serdes: Pick<ShopSerdes, 'of' | 'fetchSchema'>;
  /** Order id → its payment. */
  readonly paid: ReadonlyMap<string, PaidOrder>;
  /** File in which the mail server notes what it takes; undefined: a server of somebody else's. */
  readonly mailBook: string | undefined;
}

/** What a service has to show for itself. */
export interface ServiceReport {
  /** Name of its application. */
  readonly service: string;
  /** For people: one line or several. */
  readonly lines: readonly string[];
  /** For programs. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** True when its books agree with what was paid. */
  readonly holds: boolean;
}
