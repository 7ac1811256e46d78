import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { dataFile, Environment } from '../../../../runtime/embedded/environment.ts';
import { Flusher } from '../../../../runtime/embedded/flusher.ts';

/**
 * A process that works on the same records, with a mark of its own. At each line that it is sent,
 * it rewrites every row and adds many, in several transactions without flushing any of them, and
 * then makes the file `said`/line. Arguments: folder of the records, folder of the marks, folder for what is
 * said, and whether it makes a mark first, as it must.
 */
const [records = '', marksFolder = '', said = '', marking = ''] = process.argv.slice(2);
const environment = new Environment(records, 'no-sync');
if (marking === 'true') {
  new Flusher(environment, { dataFile: dataFile(records), marksFolder, id: 'b' }).flushNow();
}
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) {
  for (let round = 0; round < 8; round++) {
    environment.write(() => {
      for (let n = 0; n < 60; n++) {
        environment.put(Buffer.from(`key-${n}`), Buffer.alloc(100, `${line} ${round} `));
      }
      // More than all free pages hold.
      for (let n = 0; n < 400; n++) {
        environment.put(Buffer.from(`more-${round}-${n}`), Buffer.alloc(900, `${line} ${n} `));
      }
    });
  }
  writeFileSync(`${said}/${line}`, '');
}
