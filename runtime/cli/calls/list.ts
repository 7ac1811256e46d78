import { Command } from 'commander';
import { CallBook } from '../../app/calls/call-book.ts';
import { systemClock } from '../../app/system-clock.ts';
import { readTopology } from '../../app/topology-source.ts';
import type { Console } from '../console.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from '../settings.ts';
import { textTable } from '../text-table.ts';
import { type OpenCallJson, openCallJson } from './open-call.ts';

/** `millrace calls list FILE`: calls that have not ended. */
export function callsListCommand(console: Console): Command {
  return addDataOptions(new Command('list'))
    .description('List requests that have not ended.')
    .argument('<file>', 'topology file')
    .option('--json', 'print them as JSON')
    .addHelpText(
      'after',
      '\nA call is "open" while it is asked, "parked" until it is asked again, "held" where only a\n' +
        'person can decide.\n\n' +
        'Example:\n  $ millrace calls list topology/orders/orders.yaml',
    )
    .action(async (file: string, options: DataOptions & { readonly json?: true }) => {
      const topology = readTopology(file);
      const calls = await withLog(settingsOf(options), (tool) =>
        new CallBook(topology, tool).open(),
      );
      const shown = calls.map((call) => openCallJson(call, systemClock.now()));
      if (options.json === true) return console.write(`${JSON.stringify(shown, null, 2)}\n`);
      if (shown.length === 0) return console.note('no call is open\n');
      await console.write(textTable([head, ...shown.map(row)], [3]));
    });
}

const head = ['call', 'state', 'idempotency key', 'attempts', 'since', 'until', 'reason'];

function row(call: OpenCallJson): readonly string[] {
  const { state, idempotencyKey, attempts, since = '', parkedUntil = '', reason = '' } = call;
  return [call.call, state, idempotencyKey, String(attempts), since, parkedUntil, reason];
}
