import { LmdbStateBackend } from '../../../runtime/state/lmdb-backend.ts';

/**
 * Opens the states of application `app` in the folders that are its arguments, one after the other,
 * reads all and writes. Prints a line on each: the number of its rows, and `set aside` or not.
 */
for (const stateFolder of process.argv.slice(2)) {
  let aside = '';
  const backend = await LmdbStateBackend.open({
    stateFolder,
    application: 'app',
    setAside: ({ reason }) => (aside = ` set aside: ${reason}`),
  });
  const rows = [...backend.open('s', 0).range(undefined, undefined)].length;
  const more = Array.from(
    { length: 50 },
    (_, i) => [Buffer.from(`more-${i}`), Buffer.alloc(400)] as const,
  );
  await backend.apply([{ store: 't', partition: 0, rows: more, position: 1 }], 'log-1');
  await backend.close();
  console.log(`${rows}${aside}`);
}
console.log('done');
