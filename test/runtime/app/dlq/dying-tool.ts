import type { ToolLog } from '../../../../runtime/app/tool-log.ts';
import type { Log, Transactor } from '../../../../runtime/ports.ts';
import type { TopologyDriver } from '../../../../runtime/testing/index.ts';

/** What ends a process that is killed. */
export class Killed extends Error {}

/** Commits before or after which the process dies; undefined: it lives. */
export type Death = { readonly commit: number; readonly when: 'before' | 'after' } | undefined;

/** A log on which the redriving process dies. */
function dying(log: Log, death: Death): Log {
  let commits = 0;
  const mortal = (transactor: Transactor): Transactor => ({
    close: () => transactor.close(),
    commit: async (transaction, membership) => {
      const dies = death?.commit === commits++;
      if (dies && death?.when === 'before') throw new Killed();
      const committed = await transactor.commit(transaction, membership);
      if (dies) throw new Killed();
      return committed;
    },
  });
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'transactor') {
        return async (slot: string) => mortal(await target.transactor(slot));
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A tool on the log of a driver, where it may die, beside an application that is not seen to run. */
export function toolOn(driver: TopologyDriver, death?: Death): ToolLog {
  return {
    log: dying(driver.log, death),
    registry: driver.registry,
    stateOf: () => [],
    refuseRunning: async () => {},
    hold: async () => ({ leave: async () => {} }),
    holds: true,
    close: async () => {},
  };
}
