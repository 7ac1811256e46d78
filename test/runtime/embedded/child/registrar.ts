import { openEmbeddedLog } from '../../../../runtime/embedded/embedded-log.ts';
import { realClock } from '../../log-harness.ts';

/** Registers schemas under a subject, every second one the same for all. */
const [folder = '', subject = '', count = ''] = process.argv.slice(2);
const log = await openEmbeddedLog({ folder, clock: realClock, sync: 'interval' });
for (let i = 1; i <= Number(count); i++) {
  await log.registry.register(subject, `"${i % 2 === 0 ? 'shared' : subject}-${i}"`, {
    unchecked: true,
  });
}
await log.close();
console.log('done');
