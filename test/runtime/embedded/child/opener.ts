import { openEmbeddedLog } from '../../../../runtime/embedded/embedded-log.ts';
import { isStreamsError } from '../../../../topology/core/errors.ts';
import { realClock } from '../../log-harness.ts';
import { extendSample, readSample } from '../sample-log.ts';

/**
 * Opens the logs in the folders that are its arguments, one after the other, reads all, writes, and
 * prints a line on each: `whole`, or the code and message of the error.
 */
for (const folder of process.argv.slice(2)) {
  try {
    const log = await openEmbeddedLog({ folder, clock: realClock, create: false });
    try {
      await readSample(log);
      await extendSample(log);
    } finally {
      await log.close();
    }
    console.log('whole');
  } catch (error) {
    if (!isStreamsError(error)) throw error;
    console.log(`${error.code} ${error.message}`);
  }
}
console.log('done');
