import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../mapped/make-folder.ts';
import { memberClient } from '../queries/member-client.ts';
import { compileQueriesOptions, type QueriesOptions } from '../queries/queries-options.ts';
import { QueryServer } from '../queries/query-server.ts';
import type { AskMember } from '../queries/store-query.ts';
import { dataLayout } from '../embedded/layout.ts';
import { slotFolders, slotsOf } from './slots.ts';
import { systemClock } from './system-clock.ts';

/** How a member asks others, and is asked. */
export interface ApplicationQueries {
  readonly ask: AskMember;
  /** Undefined: it does not answer over HTTP. */
  readonly server: QueryServer | undefined;
  close(): Promise<void>;
}

/**
 * Listens, where `options` are given, and notes the address beside the state of the application for tools on this machine.
 * @throws {ConfigError} OPTION_QUERIES, QUERIES_LISTEN
 */
export async function openQueries(
  application: string,
  options: QueriesOptions | undefined,
  state: { readonly folder: string; readonly name: string },
): Promise<ApplicationQueries> {
  const compiled = compileQueriesOptions(options ?? {});
  const { token, timeoutMs } = compiled;
  const ask = memberClient({ application, token, timeoutMs, clock: systemClock });
  if (options === undefined) return { ask, server: undefined, close: async () => {} };
  const server = await QueryServer.listen(compiled);
  const note = noteIn(state.folder, state.name);
  makeFolder(dirname(note));
  writeFileSync(note, `${server.local}\n`);
  return {
    ask,
    server,
    close: async () => {
      rmSync(note, { force: true });
      await server.close();
    },
  };
}

/** Where members of an application said that they answer, in a data folder; those that crashed still stand there. */
export function notedEndpoints(data: string, application: string): readonly string[] {
  const { state } = slotFolders(data);
  const embedded = dirname(dataLayout(data).state(application));
  const notes = [
    noteIn(embedded, application),
    ...slotsOf(data, application).map((slot) => noteIn(state, slot)),
  ];
  return notes.filter(existsSync).map((note) => readFileSync(note, 'utf8').trim());
}

function noteIn(folder: string, name: string): string {
  return join(folder, `${name}.endpoint`);
}
