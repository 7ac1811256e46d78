import type { Ports } from '../../../runtime/app/application.ts';
import type { StateBackend, Transactor } from '../../../runtime/ports.ts';
import { loaderTopic } from '../../../runtime/orders/loader-place.ts';
import type { SuicidePoint } from './settings.ts';
import { withTransactor } from './wrap.ts';

/** What a process does to itself when it reaches the point for the so-manieth time, from 1. */
export interface Ambush {
  readonly point: SuicidePoint;
  readonly at: number;
  /** @defaultValue SIGKILL */
  readonly signal?: 'SIGKILL' | 'SIGSTOP';
}

/** Ports that signal this process at the point; `committed` is told of each commit of the tasks. */
export function withSuicide(
  ports: Ports,
  suicide: Ambush | undefined,
  committed: () => void,
): Ports {
  let left = suicide?.at ?? 0;
  const reach = (point: SuicidePoint): void => {
    if (point !== suicide?.point) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, suicide.signal ?? 'SIGKILL');
  };
  // What a restore puts on disk is no commit: of the tasks' transactions each is applied once.
  const toApply = { transactions: 0 };
  const logged = (): void => {
    toApply.transactions += 1;
    committed();
  };
  const log = withTransactor(ports.log, (inner, slot) =>
    slot === loaderTopic ? loader(inner, reach) : tasks(inner, reach, logged),
  );
  return { ...ports, log, state: stores(ports.state, reach, toApply) };
}

function tasks(
  inner: Transactor,
  reach: (point: SuicidePoint) => void,
  committed: () => void,
): Transactor {
  return {
    async commit(transaction, membership) {
      // Plans and schemas come without positions.
      if (transaction.positions.length === 0) return inner.commit(transaction, membership);
      reach('commit.begin');
      const running = inner.commit(transaction, membership);
      reach('commit.running');
      const result = await running;
      reach('commit.logged');
      committed();
      return result;
    },
    close: () => inner.close(),
  };
}

function loader(inner: Transactor, reach: (point: SuicidePoint) => void): Transactor {
  return {
    async commit(transaction, membership) {
      const result = await inner.commit(transaction, membership);
      reach('load.logged');
      return result;
    },
    close: () => inner.close(),
  };
}

function stores(
  inner: StateBackend,
  reach: (point: SuicidePoint) => void,
  toApply: { transactions: number },
): StateBackend {
  return {
    incarnation: () => inner.incarnation(),
    open: (store, partition) => inner.open(store, partition),
    wipe: (store, partition) => inner.wipe(store, partition),
    tables: () => inner.tables(),
    close: () => inner.close(),
    async apply(writes, incarnation) {
      if (toApply.transactions === 0) return inner.apply(writes, incarnation);
      toApply.transactions -= 1;
      const running = inner.apply(writes, incarnation);
      reach('apply.running');
      await running;
      reach('apply.done');
    },
  };
}
