import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { LmdbStateBackend } from '../../../runtime/state/lmdb-backend.ts';
import { spentBudget } from '../mapped/budgets.ts';

/**
 * Arguments: folder, and whether the file is mapped anew after every write. Applies transactions without end, each writing its number into every row of one store and into
 * two positions, and reports each as a line.
 */
const backend = await LmdbStateBackend.open({
  stateFolder: process.argv[2] as string,
  application: 'app',
  setAside: ({ reason }) => {
    throw new Error(reason);
  },
  budget: process.argv[3] === 'true' ? spentBudget() : undefined,
});
const first = (backend.open('s', 0).position() ?? 0) + 1;
for (let n = first; ; n++) {
  const rows = Array.from({ length: 2000 }, (_, i) => {
    const row = Buffer.alloc(60);
    row.writeUInt32BE(n, 0);
    return [Buffer.from(`k${i}`), row] as const;
  });
  await backend.apply(
    [
      { store: 's', partition: 0, rows, position: n },
      { store: 't', partition: 1, rows: [], position: n },
    ],
    'log-1',
  );
  // As an engine does: the disk's answers come through the event loop.
  await setImmediate();
  writeSync(1, `${n}\n`);
}
