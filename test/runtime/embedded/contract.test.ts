import { openEmbeddedLog } from '../../../runtime/embedded/embedded-log.ts';
import { describeLogContract } from '../log-contract.ts';
import { spentBudget } from '../mapped/budgets.ts';
import { testFolders } from './folders.ts';

const newFolder = testFolders();

for (const sync of ['commit', 'interval', 'never'] as const) {
  describeLogContract(`EmbeddedLog, sync: ${sync}`, (options) =>
    openEmbeddedLog({ ...options, folder: newFolder(), sync }),
  );
}

describeLogContract('EmbeddedLog, mapped anew all the time', (options) =>
  openEmbeddedLog({ ...options, folder: newFolder(), budget: spentBudget() }),
);
