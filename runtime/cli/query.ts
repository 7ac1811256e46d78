import { Command, InvalidArgumentError, Option } from 'commander';
import { durationMs, durationText } from '../../topology/core/duration.ts';
import { ConfigError, isStreamsError } from '../../topology/core/errors.ts';
import { notedEndpoints } from '../app/application-queries.ts';
import { systemClock } from '../app/system-clock.ts';
import { askHttp } from '../queries/http-client.ts';
import { errorOf } from '../queries/member-client.ts';
import type { RowJson, RowsJson } from '../queries/rows-json.ts';
import { applicationNamed } from './application-name.ts';
import type { Console } from './console.ts';
import { UsageError } from './failure.ts';
import { addDataOptions, type DataOptions, settingsOf } from './settings.ts';

interface QueryCommandOptions extends DataOptions {
  readonly at?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly maxStaleness?: string;
  readonly json?: true;
}

/** How long a member has for an answer, ms: it may wait for others. */
const patienceMs = 30_000;

/** Rows of one request. */
const pageRows = 1000;

/** `millrace query FILE STORE KEY`: asks an application that runs for rows of its stores. */
export function queryCommand(console: Console): Command {
  return addDataOptions(new Command('query'))
    .description('Ask a running application for rows of a store, on whichever member they are.')
    .argument('<file>', 'topology file, or name of the application')
    .argument('<store>', 'its name')
    .argument('[key]', 'the key: text of a string key as it is, other types as JSON')
    .option('--from <key>', 'rows from this key on, in the order of stored keys')
    .option('--to <key>', 'rows before this key')
    .addOption(new Option('--limit <number>', 'most rows').argParser(positive).default(100))
    .addOption(
      new Option('--max-staleness <time>', 'copies that are less behind may answer').argParser(
        durationOf,
      ),
    )
    .addOption(
      new Option('--at <url>', 'the member to ask: http://host:port')
        .argParser(endpointOf)
        .default(undefined, 'one that runs on the data folder'),
    )
    .option('--json', 'print the answer as JSON, with who answered')
    .addHelpText(
      'after',
      '\nThe application answers where its runner file says "queries:". Without a key, rows of all keys\n' +
        'are printed, one JSON object a line. A token is read from the same runner file.\n\n' +
        'Examples:\n' +
        '  $ millrace query topology/orders/orders.yaml stock \'{"storeId":31,"productId":7}\'\n' +
        '  $ millrace query topology/orders/orders.yaml stock --limit 10',
    )
    .action((file: string, store: string, key: string | undefined, options: QueryCommandOptions) =>
      query(console, file, { store, key }, options),
    );
}

interface Asked {
  readonly store: string;
  readonly key: string | undefined;
}

async function query(
  console: Console,
  file: string,
  asked: Asked,
  options: QueryCommandOptions,
): Promise<void> {
  if (asked.key !== undefined && (options.from ?? options.to) !== undefined) {
    throw new UsageError('give a key, or --from and --to, not both');
  }
  const settings = settingsOf(options);
  const application = applicationNamed(file);
  const member = await findMember(application, {
    token: settings.queries?.token,
    endpoints: options.at === undefined ? notedEndpoints(settings.data, application) : [options.at],
  });
  const rows: RowJson[] = [];
  let answer: RowsJson;
  let next: RowsJson['next'];
  do {
    const parameters = parametersOf(asked, options, { next, limit: options.limit - rows.length });
    const path = `/stores/${encodeURIComponent(asked.store)}?${parameters.toString()}`;
    answer = (await get(member, path)) as RowsJson;
    rows.push(...answer.rows);
    ({ next } = answer);
    if (options.json === true) continue;
    for (const row of answer.rows) await console.write(`${JSON.stringify(row)}\n`);
  } while (next !== undefined && rows.length < options.limit);
  if (options.json === true) {
    return console.write(`${JSON.stringify({ ...answer, rows }, null, 2)}\n`);
  }
  noteWhatItMeans(console, asked, answer);
}

function parametersOf(
  { key }: Asked,
  { from, to, maxStaleness }: QueryCommandOptions,
  page: { readonly next: RowsJson['next']; readonly limit: number },
): URLSearchParams {
  const { next, limit } = page;
  const range = {
    from,
    to,
    limit: String(Math.min(pageRows, limit)),
    after: next?.after,
    'after-partition': next === undefined ? undefined : String(next.partition),
  };
  const all = { ...(key === undefined ? range : { key }), 'max-staleness': maxStaleness };
  const set = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  return new URLSearchParams(set);
}

function noteWhatItMeans(console: Console, { store, key }: Asked, answer: RowsJson): void {
  if (key !== undefined && answer.rows.length === 0) {
    console.note(`store "${store}" has no such key\n`);
  }
  if (answer.next !== undefined) console.note('there are more rows: say --limit\n');
  for (const { partition, staleness } of answer.from) {
    if (staleness === undefined) continue;
    const { records, ms } = staleness;
    const since = ms === null ? 'never complete so far' : `complete ${durationText(ms)} ago`;
    console.note(`partition ${partition} is a standby's: ${records} records behind, ${since}\n`);
  }
}

interface Member {
  readonly endpoint: string;
  readonly token: string | undefined;
}

/** The first that answers for the application: one may have crashed, and another process have its port. */
async function findMember(
  application: string,
  where: { readonly endpoints: readonly string[]; readonly token: string | undefined },
): Promise<Member> {
  const { endpoints, token } = where;
  const tried: string[] = [];
  for (const endpoint of endpoints) {
    try {
      const body = await get({ endpoint, token }, '/stores');
      const { application: found } = body as { readonly application?: unknown };
      if (found === application) return { endpoint, token };
      tried.push(`${endpoint} is of application "${String(found)}"`);
    } catch (error) {
      if (isStreamsError(error) && error.code !== 'QUERY_MEMBER') throw error;
      tried.push((error as Error).message);
    }
  }
  const why = tried.length === 0 ? '' : ` (${tried.join('; ')})`;
  throw new ConfigError(
    'QUERY_MEMBER',
    `no member of application "${application}" answers${why}: run it with "queries:" in its runner file, on this data folder, or name one with --at`,
  );
}

/** @throws {ConfigError} QUERY_MEMBER where nobody answers, else with the code that it gives */
async function get({ endpoint, token }: Member, path: string): Promise<unknown> {
  const asking = { url: `${endpoint}${path}`, token, clock: systemClock, timeoutMs: patienceMs };
  const { status, body } = await askHttp(asking).catch((error: Error) => {
    throw new ConfigError('QUERY_MEMBER', `${endpoint} does not answer: ${error.message}`, {
      cause: error,
    });
  });
  if (status === 200) return body;
  const { code, message } = errorOf(body);
  throw new ConfigError(code ?? 'QUERY_MEMBER', message ?? `${endpoint} says HTTP ${status}`);
}

function endpointOf(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/') return url.origin;
  throw new InvalidArgumentError('write http://host:port');
}

function durationOf(text: string): string {
  if (durationMs(text) !== undefined) return text;
  throw new InvalidArgumentError('write it like 500ms, 5s or 1m');
}

function positive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('give a whole number from 1');
}
