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

/** How long a log that acknowledges early takes to keep its word when the disk store has taken the overlay, ms. */
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

/** Positions nowhere: a task would go on at those of its control record, where the group has none. */
function none(inner: Transactor): Transactor {
  return {
    async commit({ appends }, membership) {
      const kept = appends.filter(({ topic }) => !topic.endsWith('-control'));
      const { baseOffsets } = await inner.commit({ appends: kept, positions: [] }, membership);
      const offsets = new Map(kept.map((append, i) => [append, baseOffsets[i]]));
      return { baseOffsets: appends.map((append) => offsets.get(append) ?? 0) };
    },
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
  /** Ends when the log has all that was acknowledged. */
  #behind: Promise<unknown> = Promise.resolve();
  /** Tells the log to keep its word: the disk store has the overlay of what was acknowledged last. */
  #applied: (() => void) | undefined;

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
    return { ...this.#ports, state: this.#stores(rowsFirst), log: { ...log, join } };
  }

  async #commit(transaction: Transaction, really: () => Promise<Committed>): Promise<Committed> {
    const baseOffsets = await Promise.all(
      transaction.appends.map((append) => this.#offset(append)),
    );
    const applied = new Promise<void>((resolve) => {
      this.#applied = resolve;
    });
    this.#behind = this.#behind
      .then(() => applied)
      .then(() => sleep(behindMs))
      .then(really);
    return { baseOffsets };
  }

  async #offset({ topic, partition, records }: Append): Promise<number> {
    const place = `${topic}/${partition}`;
    const [ends] = await this.#ports.log.ends([{ topic, partition }], 'uncommitted');
    const base = Math.max(this.#ends.get(place) ?? 0, ends?.end ?? 0);
    this.#ends.set(place, base + records);
    return base;
  }

  /** With `rowsFirst` rows go to disk at once, positions when the log has caught up with them. */
  #stores(rowsFirst: boolean): StateBackend {
    const { state } = this.#ports;
    return {
      incarnation: () => state.incarnation(),
      open: (store, partition) => state.open(store, partition),
      wipe: (store, partition) => state.wipe(store, partition),
      tables: () => state.tables(),
      close: () => state.close(),
      apply: async (writes, incarnation) => {
        const applied = this.#applied;
        this.#applied = undefined;
        // What is restored at the start is in the log.
        if (!rowsFirst || applied === undefined) await state.apply(writes, incarnation);
        else await this.#applyRowsFirst(writes, incarnation);
        applied?.();
      },
    };
  }

  async #applyRowsFirst(writes: readonly StateWrites[], incarnation: string): Promise<void> {
    const { state } = this.#ports;
    await state.apply(
      writes.map((write) => ({ ...write, position: undefined })),
      incarnation,
    );
    const positions = writes.map((write) => ({ ...write, rows: [] }));
    this.#behind = this.#behind.then(() => state.apply(positions, incarnation));
  }
}
