import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';

/** One request that came. */
export interface Asked {
  /** Idempotency key. */
  readonly key: string;
  /** Who asked, as the body says. */
  readonly member: string;
}

/** An external service over HTTP that keeps a ledger, and answers when it is told to. */
export class Oracle {
  /** Requests in the order they came, repeats too. */
  readonly asked: Asked[] = [];
  private readonly server: Server;
  private readonly waiting: { readonly asked: Asked; readonly response: ServerResponse }[] = [];
  private silent = false;

  static async start(): Promise<Oracle> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Oracle(server);
  }

  private constructor(server: Server) {
    this.server = server;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      void this.take(request, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on requests wait. */
  hush(): void {
    this.silent = true;
  }

  /** Answers all that wait, and what comes from now on. */
  speak(): void {
    this.silent = false;
    for (const { asked, response } of this.waiting.splice(0)) answer(asked, response);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const { response } of this.waiting.splice(0)) response.destroy();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let member = '';
    for await (const chunk of request) member += String(chunk);
    const asked = { key: String(request.headers['idempotency-key']), member };
    this.asked.push(asked);
    if (this.silent) this.waiting.push({ asked, response });
    else answer(asked, response);
  }
}

function answer({ member }: Asked, response: ServerResponse): void {
  response.setHeader('connection', 'close');
  response.end(JSON.stringify({ state: 'DONE', by: member }));
}
