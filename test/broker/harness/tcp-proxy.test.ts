import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FrameCutter } from './frames.ts';
import { freePorts } from './ports.ts';
import { requestHead } from './request-hold.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** A request with an API key and a correlation id; its client id is "test". */
function request(apiKey: number, correlationId: number): Buffer {
  const frame = Buffer.alloc(4 + 10 + 4);
  frame.writeInt32BE(14, 0);
  frame.writeInt16BE(apiKey, 4);
  frame.writeInt16BE(9, 6);
  frame.writeInt32BE(correlationId, 8);
  frame.writeInt16BE(4, 12);
  frame.write('test', 14);
  return frame;
}

/** Answers each request with its correlation id, as Kafka does, and notes what it got. */
class FakeBroker {
  readonly received: number[] = [];
  ends = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #changed = new Set<() => void>();

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      const cutter = new FrameCutter();
      socket.on('error', () => {});
      socket.on('end', () => {
        this.ends++;
        this.#tell();
      });
      socket.on('data', (bytes: Buffer) => {
        for (const frame of cutter.push(bytes)) {
          const id = frame.readInt32BE(8);
          this.received.push(id);
          const answer = Buffer.alloc(8);
          answer.writeInt32BE(4, 0);
          answer.writeInt32BE(id, 4);
          if (socket.writable) socket.write(answer);
        }
        this.#tell();
      });
    });
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        const once_ = (): void => {
          this.#changed.delete(once_);
          resolve();
        };
        this.#changed.add(once_);
      });
    }
  }

  dropClients(): void {
    for (const socket of this.#sockets) socket.end();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #tell(): void {
    for (const tell of this.#changed) tell();
  }
}

/** A client of the proxy: the answers' correlation ids, in order. */
class Client {
  readonly answers: number[] = [];
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  #changed: () => void = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    const cutter = new FrameCutter();
    this.socket.on('data', (bytes: Buffer) => {
      for (const frame of cutter.push(bytes)) this.answers.push(frame.readInt32BE(4));
      this.#changed();
    });
  }

  send(...requests: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(requests));
  }

  async until(count: number): Promise<void> {
    while (this.answers.length < count) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }
}

let broker: FakeBroker;
let proxy: TcpProxy;

beforeEach(async () => {
  broker = new FakeBroker();
  proxy = await TcpProxy.start({ target: { host: '127.0.0.1', port: await broker.listen() } });
});

afterEach(async () => {
  await proxy.close();
  broker.close();
});

describe('TcpProxy', () => {
  test('passes requests and answers', async () => {
    const client = new Client(proxy.port);
    client.send(request(0, 1), request(1, 2));
    await client.until(2);
    expect(client.answers).toEqual([1, 2]);
    expect(proxy.connections).toBe(1);
  });

  test('listens on the port that it is given', async () => {
    const [port = 0] = await freePorts(1);
    const other = await TcpProxy.start({ target: { host: '127.0.0.1', port: 1 }, port });
    expect(other.port).toBe(port);
    await other.close();
  });

  test('holds the chosen requests, and those behind them, until they are released', async () => {
    const hold = proxy.hold(({ apiKey }) => apiKey === 0);
    const client = new Client(proxy.port);
    client.send(request(3, 1), request(0, 2), request(3, 3));
    await hold.waitFor(1);
    await client.until(1);
    expect(client.answers).toEqual([1]);
    expect(hold.taken).toMatchObject([
      { apiKey: 0, apiVersion: 9, correlationId: 2, clientId: 'test' },
    ]);
    hold.release();
    await client.until(3);
    expect(broker.received).toEqual([1, 2, 3]);
    client.send(request(0, 4));
    await client.until(4);
    expect(client.answers).toEqual([1, 2, 3, 4]);
  });

  test('lets later requests overtake a held one where that is asked', async () => {
    const hold = proxy.hold(({ apiKey }) => apiKey === 0, { overtake: true });
    const client = new Client(proxy.port);
    client.send(request(0, 1), request(3, 2));
    await client.until(1);
    expect(client.answers).toEqual([2]);
    hold.release();
    await client.until(2);
    expect(broker.received).toEqual([2, 1]);
  });

  test('takes no more requests than asked', async () => {
    const hold = proxy.hold(() => true, { limit: 1, overtake: true });
    const client = new Client(proxy.port);
    client.send(request(0, 1), request(0, 2), request(0, 3));
    await client.until(2);
    expect(client.answers).toEqual([2, 3]);
    expect(hold.taken.map(({ correlationId }) => correlationId)).toEqual([1]);
  });

  test('delivers a held request after its client has given up', async () => {
    const hold = proxy.hold(({ apiKey }) => apiKey === 0);
    const client = new Client(proxy.port);
    client.send(request(0, 1));
    await hold.waitFor(1);
    client.socket.resetAndDestroy();
    await client.closed;
    expect(broker.received).toEqual([]);
    hold.release();
    await broker.until(() => broker.ends === 1);
    expect(broker.received).toEqual([1]);
  });

  test('loses a request that is dropped', async () => {
    const hold = proxy.hold(({ apiKey }) => apiKey === 0);
    const client = new Client(proxy.port);
    client.send(request(0, 1), request(3, 2));
    await hold.waitFor(1);
    hold.drop();
    await client.until(1);
    expect(broker.received).toEqual([2]);
  });

  test('loses the answer of a request that was carried out', async () => {
    const hold = proxy.hold(({ apiKey }) => apiKey === 26, { part: 'response' });
    const client = new Client(proxy.port);
    client.send(request(26, 1), request(3, 2));
    await hold.waitFor(1);
    expect(broker.received[0]).toBe(1);
    hold.drop();
    await client.until(1);
    expect(client.answers).toEqual([2]);
    expect(broker.received).toEqual([1, 2]);
  });

  test('says how many requests came where too few did', async () => {
    const hold = proxy.hold(() => true);
    await expect(hold.waitFor(1, 1)).rejects.toThrow('took 0 of 1 requests in 1 ms');
  });

  test('delays both directions', async () => {
    proxy.delay(30);
    const client = new Client(proxy.port);
    await once(client.socket, 'connect');
    const start = performance.now();
    client.send(request(0, 1), request(0, 2));
    await client.until(2);
    // Timers may be early by a millisecond each.
    expect(performance.now() - start).toBeGreaterThanOrEqual(58);
    expect(client.answers).toEqual([1, 2]);
  });

  test('cuts what is open, and takes new connections', async () => {
    const client = new Client(proxy.port);
    client.send(request(0, 1));
    await client.until(1);
    proxy.cut();
    await client.closed;
    const next = new Client(proxy.port);
    next.send(request(0, 2));
    await next.until(1);
    expect(next.answers).toEqual([2]);
  });

  test('loses what is held where the connection is cut', async () => {
    const hold = proxy.hold(({ apiKey }) => apiKey === 0);
    const client = new Client(proxy.port);
    client.send(request(0, 1));
    await hold.waitFor(1);
    proxy.cut();
    await client.closed;
    hold.release();
    const next = new Client(proxy.port);
    next.send(request(3, 2));
    await next.until(1);
    expect(broker.received).toEqual([2]);
  });

  test('refuses new connections until it accepts again', async () => {
    const before = new Client(proxy.port);
    before.send(request(0, 1));
    await before.until(1);
    proxy.refuse();
    const refused = new Client(proxy.port);
    await refused.closed;
    before.send(request(0, 2));
    await before.until(2);
    proxy.accept();
    const after = new Client(proxy.port);
    after.send(request(0, 3));
    await after.until(1);
    expect(broker.received).toEqual([1, 2, 3]);
  });

  test('keeps everything back while it is stalled, on new connections too', async () => {
    const first = new Client(proxy.port);
    first.send(request(0, 1));
    await first.until(1);
    proxy.stall();
    first.send(request(0, 2));
    const second = new Client(proxy.port);
    second.send(request(0, 3));
    await once(second.socket, 'connect');
    expect(broker.received).toEqual([1]);
    proxy.unstall();
    await first.until(2);
    await second.until(1);
    expect(new Set(broker.received)).toEqual(new Set([1, 2, 3]));
  });

  test("ends the client's connection when the broker ends its own", async () => {
    const client = new Client(proxy.port);
    client.send(request(0, 1));
    await client.until(1);
    broker.dropClients();
    await client.closed;
  });

  test('breaks a connection that does not speak the protocol', async () => {
    const client = new Client(proxy.port);
    client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await client.closed;
    expect(broker.received).toEqual([]);
  });

  test('passes any bytes where they are not framed, but holds none', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const raw = await TcpProxy.start({ target, framed: false });
    const socket = connect({ port: raw.port, host: '127.0.0.1' });
    socket.write('GET /');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('GET /');
    expect(() => raw.hold(() => true)).toThrow('only requests of framed proxies are held');
    socket.destroy();
    await raw.close();
    server.close();
  });
});

describe('requestHead', () => {
  test('reads a request without a client id', () => {
    expect(requestHead(Buffer.from('001200040000007bffff', 'hex'))).toMatchObject({
      apiKey: 18,
      apiVersion: 4,
      correlationId: 123,
      clientId: null,
    });
  });

  test('finds none in a few bytes', () => {
    expect(requestHead(Buffer.alloc(7))).toBeUndefined();
  });
});
