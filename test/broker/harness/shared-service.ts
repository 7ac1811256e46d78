import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Something that all test files of a run share, started by the first that asks. */
export interface SharedThing {
  start(): Promise<{ readonly answer: unknown; close(): Promise<void> }>;
}

/** The side of the run: hands out shared things, and one lease at a time. */
export interface SharedService {
  /** Where workers ask. */
  readonly url: string;
  /** Names of the things that were started. */
  readonly started: readonly string[];
  /** Ends what was started. */
  close(): Promise<void>;
}

/**
 * Serves the workers of a test run on 127.0.0.1: `/thing/NAME` starts a thing where it is not yet
 * and answers what it is; `/lease` answers when the lease is free, which is held as long as the
 * connection stays open, so that a dead worker holds nothing.
 */
export async function serveShared(
  things: Readonly<Record<string, SharedThing>>,
): Promise<SharedService> {
  const running = new Map<string, ReturnType<SharedThing['start']>>();
  const lease = leaseQueue();
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    if (path === '/lease') return lease(response);
    const name = path.replace('/thing/', '');
    const thing = things[name];
    if (thing === undefined) {
      response.end(JSON.stringify({ error: `nothing shared is called "${name}"` }));
      return;
    }
    try {
      const start = running.get(name) ?? thing.start();
      running.set(name, start);
      response.end(JSON.stringify({ answer: (await start).answer }));
    } catch (error) {
      response.end(
        JSON.stringify({ error: error instanceof Error ? error.message : String(error) }),
      );
    }
  };
  const server = createServer((incoming, response) => void answer(incoming.url ?? '', response));
  server.requestTimeout = 0;
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get started() {
      return [...running.keys()];
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      const started = await Promise.allSettled(running.values());
      for (const start of started) {
        if (start.status === 'fulfilled') await start.value.close();
      }
    },
  };
}

function leaseQueue(): (response: ServerResponse) => void {
  const waiting: ServerResponse[] = [];
  let holder: ServerResponse | undefined;
  const next = (): void => {
    holder = waiting.shift();
    holder?.write('yours\n');
  };
  return (response) => {
    response.on('close', () => {
      const index = waiting.indexOf(response);
      if (index >= 0) waiting.splice(index, 1);
      else if (holder === response) next();
    });
    waiting.push(response);
    if (holder === undefined) next();
  };
}

/** Asks a service for a thing. @throws Error where it could not be started */
export async function askShared(url: string, name: string): Promise<unknown> {
  const response = await get(`${url}/thing/${name}`);
  let text = '';
  for await (const bytes of response.setEncoding('utf8')) text += bytes as string;
  const { answer, error } = JSON.parse(text) as { answer?: unknown; error?: string };
  if (error !== undefined) throw new Error(error);
  return answer;
}

/** Waits for the lease of a service; the result gives it back. */
export async function takeLease(url: string): Promise<() => void> {
  const response = await get(`${url}/lease`);
  await new Promise((resolve, reject) => {
    response.once('data', resolve);
    response.once('close', () => reject(new Error('the test run ended while waiting')));
  });
  response.on('error', () => {});
  return () => {
    response.destroy();
  };
}

/** Headers wait as long as it takes: a plain request has no time-out, `fetch` has. */
function get(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, resolve).on('error', reject).end();
  });
}
