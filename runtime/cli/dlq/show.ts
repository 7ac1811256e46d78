import { Command, Option } from 'commander';
import { isPrimitiveKey, type PrimitiveKind } from '../../../schemas/index.ts';
import type { TopicPlan } from '../../../topology/plan/plan.ts';
import type { DeadLetter } from '../../app/dlq/letter.ts';
import type { LetterBook } from '../../app/dlq/letter-book.ts';
import { openLetterBook } from '../../app/dlq/open-letter-book.ts';
import { ParkedBook, parkedChangelogs, waitingBehind } from '../../app/dlq/parked-book.ts';
import { parks } from '../../app/dlq/redrive-plan.ts';
import { discarded, type Redriven, redrivenOf } from '../../app/dlq/redriven.ts';
import type { ToolLog } from '../../app/tool-log.ts';
import { readTopology, type TopologySource } from '../../app/topology-source.ts';
import { CallBook } from '../../app/calls/call-book.ts';
import type { Console } from '../console.ts';
import { type ByteFormat, lineText, RecordView } from '../record-view.ts';
import { addDataOptions, type DataOptions, settingsOf, withLog } from '../settings.ts';
import { adviceFor } from './advice.ts';
import { addSelectionOptions, atLeastOne, selection, type SelectionOptions } from './selection.ts';

/** `millrace dlq show FILE LETTER…`: all that is known of records that failed. */
export function dlqShowCommand(console: Console): Command {
  return addSelectionOptions(addDataOptions(new Command('show')))
    .description('Print dead letters: what failed, why, and the record, decoded where it can be.')
    .argument('<file>', 'topology file')
    .argument(
      '[letters...]',
      'partition/offset, with topic/ before it where there are several topics',
    )
    .addOption(new Option('--limit <number>', 'the last so many only').argParser(atLeastOne))
    .option('--json', 'as without it: it is JSON anyway, one line for each')
    .addHelpText(
      'after',
      '\nBytes that cannot be read are shown as base64, with the reason.\n\n' +
        'Example:\n  $ millrace dlq show topology/orders/orders.yaml 0/17\n' +
        '  $ millrace dlq show topology/orders/orders.yaml --stage reserve --limit 5',
    )
    .action(async (file: string, names: readonly string[], options: ShowOptions) => {
      const topology = readTopology(file);
      await withLog(settingsOf(options), async (tool) => {
        const book = await openLetterBook(topology, tool);
        const known = await book.redriven();
        const letters = await chosen(book, names, options);
        const parked = new ParkedBook(parkedChangelogs(book.plan), tool.log, { places: true });
        // After the letters: a letter and its key's row are one transaction.
        await parked.read('committed');
        for (const letter of letters) {
          const sent = redrivenOf(letter, known);
          const about = { topology, tool, book, parked, sent };
          await console.write(lineText(await shown(letter, about)));
        }
      });
    });
}

interface ShowOptions extends DataOptions, SelectionOptions {
  readonly limit?: number;
}

async function chosen(
  book: LetterBook,
  names: readonly string[],
  options: ShowOptions,
): Promise<readonly DeadLetter[]> {
  const selected = await selection(book, names, options);
  const letters: DeadLetter[] = [];
  await book.read((letter) => {
    if (!selected(letter)) return;
    letters.push(letter);
    if (letters.length > (options.limit ?? Infinity)) letters.shift();
  });
  return letters;
}

interface Shown {
  readonly topology: TopologySource;
  readonly tool: ToolLog;
  readonly book: LetterBook;
  readonly parked: ParkedBook;
  readonly sent: Redriven | undefined;
}

async function shown(letter: DeadLetter, about: Shown): Promise<object> {
  const { topology, tool, book, parked, sent } = about;
  const { id, partition, offset, time, source, stage, task, origin, call } = letter;
  const { error, code, message, keySchemaId, schemaId } = letter;
  const formats = formatsOf(source && book.plan.topics.get(source.topic), call !== undefined);
  const view = new RecordView({ registry: tool.registry, ...formats, repartition: true });
  const { key, value, headers } = await view.show({ ...letter, timestamp: time });
  const intent =
    call === undefined
      ? undefined
      : await new CallBook(topology, tool).intent(call.stage, Buffer.from(call.intent));
  return {
    letter: id,
    stage,
    error: code ?? error,
    message,
    advice: adviceFor(letter, parks(letter, parked.of(letter))),
    ...(source === undefined ? {} : { source }),
    ...(origin === undefined ? {} : { origin }),
    task,
    ...(intent === undefined
      ? {}
      : { call: { stage: call?.stage, idempotencyKey: intent.idempotencyKey } }),
    ...parkedJson(letter, parked),
    ...sentJson(sent),
    ...(keySchemaId === undefined ? {} : { keySchemaId }),
    ...(schemaId === undefined ? {} : { schemaId }),
    partition,
    offset,
    timestamp: time,
    key,
    value,
    headers,
  };
}

/** How many records that wait behind a letter's are shown. */
const shownWaiting = 5;

function parkedJson(letter: DeadLetter, parked: ParkedBook): object {
  if (letter.parked === undefined) return {};
  const { attempt, sinceMs } = letter.parked;
  const key = parked.of(letter);
  const since = new Date(sinceMs).toISOString();
  if (!parks(letter, key)) return { parked: { attempt, since, over: true } };
  const next = parked.first(letter, shownWaiting);
  return { parked: { attempt, since, waiting: waitingBehind(key), next } };
}

function sentJson(sent: Redriven | undefined): object {
  if (sent === undefined) return {};
  const { to, at } = sent;
  return to === discarded ? { discarded: { at } } : { sentOn: { to, at } };
}

/** How the record's bytes are read, as its topic declares them. */
function formatsOf(
  topic: TopicPlan | undefined,
  ofCall: boolean,
): { readonly key: ByteFormat; readonly value: ByteFormat } {
  const key = topic?.key;
  const format = topic?.format;
  return {
    key: key !== undefined && isPrimitiveKey(key) ? (key.kind as PrimitiveKind) : 'auto',
    value: ofCall || format === undefined || format === 'avro' ? 'auto' : format,
  };
}
