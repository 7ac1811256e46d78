import type { Log, Transactor } from '../../../runtime/ports.ts';

/** The log, with another transactor in place of each that it gives. */
export function withTransactor(
  log: Log,
  replace: (inner: Transactor, slot: string) => Transactor,
): Log {
  return {
    admin: log.admin,
    incarnation: log.incarnation,
    join: (group, ownership) => log.join(group, ownership),
    fetch: (positions, limits) => log.fetch(positions, limits),
    awaitRecords: (positions, maxWaitMs, signal) => log.awaitRecords(positions, maxWaitMs, signal),
    transactor: async (slot) => replace(await log.transactor(slot), slot),
    committed: (group, partitions) => log.committed(group, partitions),
    ends: (partitions, isolation) => log.ends(partitions, isolation),
    close: () => log.close(),
  };
}
