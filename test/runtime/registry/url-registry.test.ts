import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { afterAll } from 'vitest';
import type { EmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { testFolders } from '../embedded/folders.ts';
import { realClock } from '../log-harness.ts';
import { describeRegistryContract } from '../registry-contract.ts';
import { client, serve } from './served.ts';

const newFolder = testFolders();
const logs: EmbeddedLog[] = [];

afterAll(async () => {
  await Promise.all(logs.map((log) => log.close()));
});

describeRegistryContract('memory over HTTP', async () => client((await serve()).url));

describeRegistryContract('the embedded log over HTTP', async () => {
  const log = await openEmbeddedLog({ folder: newFolder(), clock: realClock });
  logs.push(log);
  return client((await serve(log.registry)).url);
});
