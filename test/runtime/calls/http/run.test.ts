import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerResponse } from 'node:http';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Application, startApplication } from '../../../../runtime/app/application.ts';
import { openTopics } from '../../../../runtime/app/open-topics.ts';
import type { HttpCallOptions } from '../../../../runtime/calls/http/call-options.ts';
import { lineLogger } from '../../../../runtime/logger.ts';
import { payments } from '../../app/payments-project.ts';
import { inProcess } from '../../cli/in-process.ts';
import { projects } from '../../cli/project.ts';
import { selfSigned } from './certificate.ts';
import { type Answer, type Got, type Service, startService } from './service.ts';

const project = projects();

/** An order is called after what the service does about it: `cut-2`. */
function kindOf({ body }: Got): string {
  return (JSON.parse(body) as { order: string }).order.replace(/-\d+$/, '');
}

function paid(response: ServerResponse): void {
  response.end('{ "state": "PAID" }');
}

/** Starts the project on its folder. */
async function start(folder: string, bank: HttpCallOptions): Promise<Application> {
  const application = await startApplication({
    topology: join(folder, 'pay.yaml'),
    data: join(folder, 'data'),
    calls: { bank },
    logger: lineLogger(() => {}),
    options: { 'max-future': 'unlimited' },
  });
  onTestFinished(() => application.close());
  return application;
}

async function send(folder: string, keys: readonly string[]): Promise<void> {
  const topics = await open(folder);
  await topics.send('orders', ...keys.map((key) => ({ key, value: 'x', time: 0 })));
  await topics.close();
}

function open(folder: string) {
  return openTopics({ topology: join(folder, 'pay.yaml'), data: join(folder, 'data') });
}

/** Resolves when it holds; fails loudly after 20 s. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitFor(async () => expect(await holds()).toBe(true), { timeout: 20_000, interval: 20 });
}

/** Keys of the records of a topic, sorted. */
async function keysIn(folder: string, topic: string): Promise<readonly string[]> {
  const topics = await open(folder);
  try {
    return (await topics.read(topic)).map(({ key }) => String(key)).sort();
  } finally {
    await topics.close();
  }
}

/** Keys of all requests, one idempotency key for each order. */
function keysOfRequests({ requests }: Service): ReadonlyMap<string, ReadonlySet<unknown>> {
  const keys = new Map<string, Set<unknown>>();
  for (const { body, headers } of requests) {
    const { order } = JSON.parse(body) as { order: string };
    keys.set(order, (keys.get(order) ?? new Set()).add(headers['idempotency-key']));
  }
  return keys;
}

const hundredMegabytes = 100_000_000;
const chunk = Buffer.alloc(256 * 1024, ' ');

/** What the service does, by kind of order; `n` counts the requests for it, from 1. */
const behaviours: Readonly<Record<string, (response: ServerResponse, n: number) => void>> = {
  fine: paid,
  garbage: (response) => response.end('<html>Down for maintenance</html>'),
  misfit: (response) => response.end('{ "state": "PERHAPS" }'),
  cut(response) {
    response.writeHead(200, { 'content-length': 100 });
    response.write('{ "state": "PAID" }', () => response.destroy());
  },
  'cut-once': (response, n) => (n === 1 ? behaviours['cut']?.(response, n) : paid(response)),
  error: (response) => response.writeHead(500).end('oops'),
  'error-once': (response, n) => (n === 1 ? response.writeHead(503).end() : paid(response)),
  redirected: (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  huge(response) {
    let left = hundredMegabytes;
    const more = (): void => {
      while (left > 0 && !response.destroyed) {
        left -= chunk.length;
        if (!response.write(chunk)) return;
      }
      response.end();
    };
    response.on('drain', more);
    more();
  },
  hanging: () => {},
  closing: (response) => response.destroy(),
  refused: (response) => response.writeHead(422).end('no such account'),
  busy: (response, n) => (n <= 3 ? response.writeHead(409).end() : paid(response)),
  'no-login': (response, n) => (n <= 3 ? response.writeHead(401).end() : paid(response)),
};

function misbehave(): Answer {
  const counts = new Map<string, number>();
  return (response, got) => {
    const n = (counts.get(got.body) ?? 0) + 1;
    counts.set(got.body, n);
    behaviours[kindOf(got)]?.(response, n);
  };
}

const expected: Readonly<Record<string, readonly string[]>> = {
  paid: ['fine', 'cut-once', 'error-once', 'busy', 'no-login'],
  undecided: ['garbage', 'misfit', 'cut', 'error', 'redirected', 'huge', 'hanging', 'closing'],
  'pay.dead-letters': ['refused'],
};
const copies = [1, 2, 3];
const numbered = (kinds: readonly string[]): string[] =>
  kinds.flatMap((kind) => copies.map((n) => `${kind}-${n}`)).sort();

describe('an application with a call by HTTP', () => {
  test('gives every call exactly one outcome, whatever the service does', async () => {
    const folder = project({ ...payments, 'processors/.keep': '' });
    const service = await startService(misbehave());
    await send(folder, numbered(Object.keys(behaviours)));
    const application = await start(folder, { url: service.url });
    await until(() => application.caughtUp());
    expect(application.failure).toBeUndefined();
    expect(application.openCalls).toBe(0);
    await application.close();
    for (const [topic, kinds] of Object.entries(expected)) {
      expect([topic, await keysIn(folder, topic)]).toEqual([topic, numbered(kinds)]);
    }
    for (const [order, keys] of keysOfRequests(service)) {
      expect([...keys]).toEqual([`charge-${order}`]);
    }
    // Nothing is left in the journal: another start asks for nothing.
    const asked = service.requests.length;
    const again = await start(folder, { url: service.url });
    await until(() => again.caughtUp());
    expect([again.openCalls, service.requests.length]).toEqual([0, asked]);
  }, 30_000);

  test('keeps calls that cannot be sent over a wrong certificate until it is right', async () => {
    const folder = project({ ...payments, 'processors/.keep': '' });
    const certificate = selfSigned({ names: ['127.0.0.1'] });
    const service = await startService(paid, certificate);
    const keys = numbered(['a', 'b']);
    await send(folder, keys);
    const application = await start(folder, { url: service.url });
    await until(() => service.connections.length > 2 * keys.length);
    expect([application.openCalls, service.requests.length]).toEqual([keys.length, 0]);
    await application.close();
    const mended = await start(folder, { url: service.url, tls: { ca: certificate.cert } });
    await until(() => mended.caughtUp());
    await mended.close();
    expect(await keysIn(folder, 'paid')).toEqual(keys);
    expect([...keysOfRequests(service).keys()].sort()).toEqual(keys);
  }, 30_000);

  test('does not mind a clock that jumps hours ahead and back while calls wait', async () => {
    const folder = project({ ...payments, 'processors/.keep': '' });
    let open = false;
    const service = await startService((response, got) => {
      if (open) paid(response);
      else if (kindOf(got) === 'busy') response.writeHead(409).end();
      else response.writeHead(401).end();
    });
    const keys = numbered(['busy', 'no-login']);
    await send(folder, keys);
    const application = await start(folder, { url: service.url });
    const asked = (more: number): Promise<void> => {
      const goal = service.requests.length + more;
      return until(() => service.requests.length >= goal);
    };
    await asked(keys.length);
    const real = Date.now.bind(Date);
    const hours = 5 * 3_600_000;
    let shift = hours;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => real() + shift);
    onTestFinished(() => clock.mockRestore());
    await asked(2 * keys.length);
    shift = -hours;
    await asked(2 * keys.length);
    open = true;
    await until(() => application.caughtUp());
    await application.close();
    expect(await keysIn(folder, 'paid')).toEqual(keys);
    for (const [order, sent] of keysOfRequests(service)) {
      expect([...sent]).toEqual([`charge-${order}`]);
    }
  }, 30_000);
});

describe('millrace run', () => {
  /** Runs the project until it has caught up, with this runner file. */
  function run(folder: string, runnerFile: string) {
    writeFileSync(join(folder, 'millrace.yaml'), runnerFile);
    const places = ['--data', join(folder, 'data'), '--config', join(folder, 'millrace.yaml')];
    return inProcess('run', join(folder, 'pay.yaml'), '--until-caught-up', ...places);
  }

  test('asks the service that the runner file names, with its credentials', async () => {
    vi.stubEnv('BANK_TOKEN', 'secret-token');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const folder = project({ ...payments, 'processors/.keep': '' });
    const service = await startService(paid);
    await send(folder, ['a']);
    const file = `calls:\n  bank: { url: '${service.url}', auth: { bearer: '\${BANK_TOKEN}' } }\n`;
    const { code, stderr } = await run(folder, file);
    expect([code, stderr.includes('secret-token')]).toEqual([0, false]);
    expect(service.requests[0]?.headers.authorization).toBe('Bearer secret-token');
    expect(await keysIn(folder, 'paid')).toEqual(['a']);
  }, 30_000);

  test('says what is missing where a call has no handler', async () => {
    const folder = project({ ...payments, 'processors/.keep': '' });
    const { code, stderr } = await run(folder, 'calls: { bnk: { url: "http://a" } }\n');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /call "bank" has no handler: there is no bank\.ts in \S+, and the runner file has no calls\.bank: add one of them; did you mean "bnk"\?\n$/,
    );
  });
});
