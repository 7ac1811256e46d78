import { Command } from 'commander';
import { jsonReader, passedOver } from '../../../schemas/json-value.ts';
import { isStreamsError } from '../../../topology/core/errors.ts';
import { type BookedCall, CallBook } from '../../app/calls/call-book.ts';
import { type Decision, resolveCall } from '../../app/calls/resolve-call.ts';
import { readTopology, type TopologySource } from '../../app/topology-source.ts';
import type { CallLogEntry } from '../../calls/call-log.ts';
import type { Console } from '../console.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { UsageError } from '../failure.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from '../settings.ts';
import { waitOption } from '../wait-option.ts';
import { findCalls, type FoundCalls } from './open-call.ts';

interface ResolveOptions extends DataOptions {
  readonly reply?: string;
  readonly unknown?: string;
  readonly note: string;
  readonly wait: number;
  readonly json?: true;
}

/** `millrace calls resolve FILE CALL`: a person decides what became of a call. */
export function callsResolveCommand(console: Console, done: (code: ExitCode) => void): Command {
  return addDataOptions(new Command('resolve'))
    .description(
      'Decide what became of a request that has not ended. Nothing is sent for it again.',
    )
    .argument('<file>', 'topology file')
    .argument('<call>', 'its id, or its idempotency key')
    .option('--reply <json>', 'the reply that the service gave, as JSON of the reply type')
    .option('--unknown <reason>', 'nobody can know: its outcome is "unknown"')
    .option('--note <text>', 'how it was found out, for the call log', '')
    .addOption(waitOption())
    .option('--json', 'print what the call log says of it as JSON')
    .addHelpText(
      'after',
      '\nThe application takes the decision in a transaction, once; when it does not run, at its next\n' +
        'start, before anything is sent. A call that ended meanwhile stays as it ended, and of several\n' +
        'decisions about one the first counts.\n\n' +
        'Example:\n' +
        '  $ millrace calls resolve topology/orders/orders.yaml charge/2/17 --reply \'{"state":"APPROVED","chargeId":"c1"}\' --note "seen at the bank"',
    )
    .action(async (file: string, name: string, options: ResolveOptions) => {
      const topology = readTopology(file);
      const entry = await withLog(settingsOf(options), async (tool) => {
        const book = new CallBook(topology, tool);
        const found = await findCalls(book, name);
        const call = only(found, name);
        if (call === undefined) return { before: found.ended.at(-1) };
        const decision = decisionOf(topology, call, options);
        const after = await resolveCall(tool.log, book, call, {
          ...decision,
          waitMs: options.wait,
        });
        return { after };
      });
      done(await report(console, name, { ...entry, json: options.json === true }));
    });
}

/** @throws {UsageError} when several open calls have the name */
function only({ open }: FoundCalls, name: string): BookedCall | undefined {
  if (open.length <= 1) return open[0];
  const ids = open.map(({ id }) => id).join(', ');
  throw new UsageError(`several calls have the idempotency key "${name}": name one of ${ids}`);
}

function decisionOf(
  topology: TopologySource,
  { node }: BookedCall,
  { reply, unknown, note }: ResolveOptions,
): Decision {
  if ((reply === undefined) === (unknown === undefined)) {
    throw new UsageError('say --reply or --unknown, one of them');
  }
  if (unknown?.trim() === '') throw new UsageError('say why in --unknown: it is empty');
  if (reply === undefined) return { result: { kind: 'unknown', reason: unknown as string }, note };
  const call = node.operator.kind === 'call' ? node.operator.call : '';
  const type = topology.definition?.calls[call]?.reply ?? '';
  try {
    const json: unknown = JSON.parse(reply);
    const value = jsonReader(topology.catalog, type)(json);
    const others = passedOver(json, value);
    if (others.length === 0) return { result: { kind: 'reply', reply: value }, note };
    throw new UsageError(
      `--reply has ${others.join(', ')}, which ${type} does not have: take it out, or mend its name`,
    );
  } catch (error) {
    if (!(error instanceof SyntaxError) && !isStreamsError(error)) throw error;
    throw new UsageError(`--reply is no ${type}: ${error.message}`);
  }
}

async function report(
  console: Console,
  name: string,
  said: {
    readonly before?: CallLogEntry | undefined;
    readonly after?: CallLogEntry | undefined;
    readonly json: boolean;
  },
): Promise<ExitCode> {
  const { before, after, json } = said;
  const entry = before ?? after;
  if (json) await console.write(`${JSON.stringify(entry ?? null, null, 2)}\n`);
  if (entry === undefined) {
    console.note(
      `the decision about call "${name}" is written: it holds when the application runs\n`,
    );
    return exitCodes.fine;
  }
  if (before === undefined && entry.decidedBy === 'operator') {
    console.note(`call "${name}" has ended as you decided\n`);
    return exitCodes.fine;
  }
  console.note(
    `call "${name}" had ended: ${entry.outcome}, said by the ${entry.decidedBy} at ${entry.ended}; nothing was changed\n`,
  );
  return exitCodes.findings;
}
