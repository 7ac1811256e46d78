import { setFlagsFromString } from 'node:v8';

/** How much the old generation may grow over what was live at the last collection, %. */
const growingPercent = 40;

/** Flags with which a user has taken the size of the heap in hand. */
const heapFlags = /--(max[-_]old[-_]space[-_]size|max[-_]heap[-_]size|heap[-_]growing[-_]percent)/;

/**
 * Makes the heap follow what is live in it. Left alone, V8 lets it grow to several times that, as
 * far as the memory of the machine allows, to collect less often. This sets no limit: what a large
 * store needs, it gets.
 *
 * To be called before much is allocated, by programs only. Does nothing where the user has said how
 * large the heap may be, on node's command line or in `NODE_OPTIONS`.
 */
export function growHeapWithNeed(): void {
  const said = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  if (heapFlags.test(said)) return;
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
}
