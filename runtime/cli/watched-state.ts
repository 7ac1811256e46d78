import type { StateBackend } from '../ports.ts';

/**
 * The same backend; `applied` is told how many rows of which store are written. For progress while
 * stores are restored.
 */
export function watchedState(
  state: StateBackend,
  applied: (store: string, rows: number) => void,
): StateBackend {
  return {
    incarnation: () => state.incarnation(),
    open: (store, partition) => state.open(store, partition),
    apply(writes, incarnation) {
      for (const { store, rows } of writes) applied(store, rows.length);
      return state.apply(writes, incarnation);
    },
    wipe: (store, partition) => state.wipe(store, partition),
    tables: () => state.tables(),
    close: () => state.close(),
  };
}
