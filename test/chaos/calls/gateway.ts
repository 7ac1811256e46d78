import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { WireStep } from './call-steps.ts';

/** A request for a charge that came from the runner, whole. */
export interface Asked {
  /** Number of the life that made it, from 1. */
  readonly life: number;
  readonly key: string;
  readonly body: string;
}

/** Kills the runner when the so-manieth charge, from 1, that nobody asked for before is at the step. */
export interface WireAmbush {
  readonly step: WireStep;
  readonly at: number;
  /** Resolves when the runner is gone: until then the request, or its reply, goes no further. */
  readonly strike: (key: string) => Promise<void>;
}

/**
 * Stands between runner and provider, in the process that kills: it knows where each request is, and has the provider's word for what was done before the
 * runner hears it. It hands on everything, also requests whose sender has died. `GET /charges/KEY` is a look-up in the provider's ledger.
 */
export class Gateway {
  /** All requests for charges, in the order in which they came. */
  readonly asked: Asked[] = [];
  /** Keys whose reply left for the runner, by a charge or a look-up. */
  readonly replied = new Set<string>();
  lookUps = 0;
  readonly #provider: () => string;
  readonly #server: Server;
  readonly #known = new Set<string>();
  readonly #underWay = new Set<string>();
  #life = 0;
  #ambush: WireAmbush | undefined;
  #left = 0;

  /** `provider` gives the provider's URL. */
  constructor(provider: () => string) {
    this.#provider = provider;
    // As the provider does: a connection that is closed between two requests looks like one that broke.
    this.#server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
      // Whoever asked may be dead: what cannot be read did not come, what cannot be answered is not.
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves when it listens, on any free port. */
  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** From now on a new life asks, which is killed as said. */
  begin(life: number, ambush: WireAmbush | undefined): void {
    this.#life = life;
    this.#ambush = ambush;
    this.#left = ambush?.at ?? 0;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request;
    const key = request.headers['idempotency-key'];
    const sought = /^\/charges\/(.+)$/.exec(url)?.[1];
    if (method === 'GET' && sought !== undefined) {
      await this.#lookUp(decodeURIComponent(sought), response);
    } else if (method === 'POST' && typeof key === 'string') {
      await this.#charge(key, await text(request), response);
    } else {
      const upstream = await fetch(`${this.#provider()}${url}`);
      answer(response, upstream.status, await upstream.text());
    }
  }

  async #charge(key: string, body: string, response: ServerResponse): Promise<void> {
    const life = this.#life;
    const isNew = !this.#known.has(key);
    this.#known.add(key);
    this.asked.push({ life, key, body });
    this.#underWay.add(key);
    try {
      if (isNew) await this.#reach('in-flight', key);
      const upstream = await fetch(`${this.#provider()}/charges`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body,
      });
      const reply = await upstream.text();
      if (isNew && upstream.status === 200) await this.#reach('acted', key);
      if (upstream.status === 200 && !response.destroyed) this.replied.add(key);
      answer(response, upstream.status, reply);
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #reach(step: WireStep, key: string): Promise<void> {
    const ambush = this.#ambush;
    if (ambush?.step !== step) return;
    this.#left -= 1;
    if (this.#left !== 0) return;
    await ambush.strike(key);
  }

  async #lookUp(key: string, response: ServerResponse): Promise<void> {
    this.lookUps += 1;
    if (this.#underWay.has(key)) {
      answer(response, 409, '{}');
      return;
    }
    const ledger = await (await fetch(`${this.#provider()}/ledger/charges`)).text();
    const found = ledger
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { key: string; state: string; chargeId: string })
      .find((entry) => entry.key === key);
    if (found === undefined) {
      answer(response, 404, '{}');
      return;
    }
    this.replied.add(key);
    answer(response, 200, JSON.stringify({ state: found.state, chargeId: found.chargeId }));
  }
}

function answer(response: ServerResponse, status: number, body: string): void {
  if (response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(body);
}
