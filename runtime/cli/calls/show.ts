import { Command } from 'commander';
import { CallBook } from '../../app/calls/call-book.ts';
import { systemClock } from '../../app/system-clock.ts';
import { readTopology } from '../../app/topology-source.ts';
import type { Console } from '../console.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from '../settings.ts';
import { findCalls, openCallJson } from './open-call.ts';

/** `millrace calls show FILE CALL`: all that is known of a call. */
export function callsShowCommand(console: Console): Command {
  return addDataOptions(new Command('show'))
    .description('Print what is known of a request, open or ended, as JSON.')
    .argument('<file>', 'topology file')
    .argument('<call>', 'its id, or its idempotency key')
    .option('--json', 'as without it: it is JSON anyway')
    .addHelpText(
      'after',
      '\nEnded calls come from the call log, which keeps them for "log-retention" of the stage.\n\n' +
        'Example:\n  $ millrace calls show topology/orders/orders.yaml charge-o1',
    )
    .action(async (file: string, call: string, options: DataOptions) => {
      const topology = readTopology(file);
      const { open, ended } = await withLog(settingsOf(options), (tool) =>
        findCalls(new CallBook(topology, tool), call),
      );
      const shown = { open: open.map((it) => openCallJson(it, systemClock.now())), ended };
      await console.write(`${JSON.stringify(shown, null, 2)}\n`);
    });
}
