import { setTimeout as sleep } from 'node:timers/promises';
import type { Ports } from '../../../runtime/app/application.ts';
import type {
  Append,
  Committed,
  Log,
  Position,
  StateBackend,
  StateWrites,
  Transaction,
  Transactor,
} from '../../../runtime/ports.ts';
import type { Breakage } from './settings.ts';
import { withTransactor } from './wrap.ts';

/** How long a log that acknowledges early takes to keep its word, ms. */
const behindMs = 40;

const breakages: Readonly<Record<Breakage, (ports: Ports) => Ports>> = {
  'E3-positions-of-before': (ports) => ({ ...ports, log: withTransactor(ports.log, before) }),
  'E3-no-positions': (ports) => ({ ...ports, log: withTransactor(ports.log, none) }),
  'E4-acknowledged-early': (ports) => new HastyAcknowledgement(ports).ports(false),
  'E4-rows-first': (ports) => new HastyAcknowledgement(ports).ports(true),
};

/** Ports that break an invariant. */
export function breakPorts(ports: Ports, breakage: Breakage): Ports {
  return breakages[breakage](ports);
}

function none(inner: Transactor): Transactor {
  return {
    commit: ({ appends }, membership) => inner.commit({ appends, positions: [] }, membership),
    close: () => inner.close(),
  };
}

function before(inner: Transactor): Transactor {
  let last: readonly Position[] = [];
  return {
    commit({ appends, positions }, membership) {
      const stale = last;
      last = positions;
      return inner.commit({ appends, positions: stale }, membership);
    },
    close: () => inner.close(),
  };
}

/** Acknowledges the tasks' commits at once, and commits them one after another behind. */
class HastyAcknowledgement {
  readonly #ports: Ports;
  /** Topic and partition → end offset with all that was acknowledged. */
  readonly #ends = new Map<string, number>();
  #behind: Promise<unknown> = Promise.resolve();
  #owed = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  ports(rowsFirst: boolean): Ports {
    const log = withTransactor(this.#ports.log, (inner) => ({
      commit: (transaction, membership) =>
        transaction.positions.length === 0
          ? inner.commit(transaction, membership)
          : this.#commit(transaction, () => inner.commit(transaction, membership)),
      close: () => inner.close(),
    }));
    const join: Log['join'] = async (options, ownership) => {
      const membership = await log.join(options, ownership);
      const { group, memberId, generation } = membership;
      // In an orderly end the log catches up before the member leaves.
      const leave = (): Promise<void> => this.#behind.then(() => membership.leave());
      return { group, memberId, generation, leave };
    };
    const state = rowsFirst ? this.#rowsFirst(log) : this.#ports.state;
    return { ...this.#ports, state, log: { ...log, join } };
  }

  async #commit(transaction: Transaction, really: () => Promise<Committed>): Promise<Committed> {
    const baseOffsets = await Promise.all(
      transaction.appends.map((append) => this.#offset(append)),
    );
    this.#owed += 1;
    this.#behind = this.#behind
      .then(() => sleep(behindMs))
      .then(really)
      .finally(() => {
        this.#owed -= 1;
      });
    return { baseOffsets };
  }

  async #offset({ topic, partition, records }: Append): Promise<number> {
    const place = `${topic}/${partition}`;
    const [ends] = await this.#ports.log.ends([{ topic, partition }], 'uncommitted');
    const base = Math.max(this.#ends.get(place) ?? 0, ends?.end ?? 0);
    this.#ends.set(place, base + records);
    return base;
  }

  /** Rows go to disk at once, positions when the log has caught up with them. */
  #rowsFirst(log: Log): StateBackend {
    const { state } = this.#ports;
    return {
      incarnation: () => state.incarnation(),
      open: (store, partition) => state.open(store, partition),
      wipe: (store, partition) => state.wipe(store, partition),
      tables: () => state.tables(),
      close: () => state.close(),
      apply: async (writes: readonly StateWrites[], incarnation: string) => {
        if (this.#owed === 0) return state.apply(writes, incarnation);
        await state.apply(
          writes.map((write) => ({ ...write, position: undefined })),
          incarnation,
        );
        this.#behind = this.#behind.then(() =>
          state.apply(
            writes.map((write) => ({ ...write, rows: [] })),
            log.incarnation,
          ),
        );
        return undefined;
      },
    };
  }
}
