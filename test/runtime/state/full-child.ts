import { setImmediate } from 'node:timers/promises';
import { LmdbStateBackend } from '../../../runtime/state/lmdb-backend.ts';

/**
 * Applies transactions until the disk takes no more, and prints the error and the last transaction.
 * Run with a limit on the size of files.
 */
const backend = await LmdbStateBackend.open({
  stateFolder: process.argv[2] as string,
  application: 'app',
  setAside: ({ reason }) => {
    throw new Error(reason);
  },
});
let n = 0;
try {
  for (n = 1; n < 1000; n++) {
    const rows = Array.from(
      { length: 500 },
      (_, i) => [Buffer.from(`k${n}-${i}`), Buffer.alloc(200)] as const,
    );
    await backend.apply([{ store: 's', partition: 0, rows, position: n }], 'log-1');
    await setImmediate();
  }
} catch (error) {
  const { name, code, message } = error as Error & { code: string };
  process.stdout.write(`${JSON.stringify({ n, name, code, message })}\n`);
  process.exit(3);
}
